"""Receives HL7 version 2 messages by MLLP and puts them, unread, where the feed finds them; run by `idh mllp`."""
