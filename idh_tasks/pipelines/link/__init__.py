"""Link: from the laboratory's feed to one labelled case per person; run by `link_pathology`."""
