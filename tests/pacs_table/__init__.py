"""A PACS over a table: a real SCP with as many studies as a hospital has, of which it makes the instances on demand."""
