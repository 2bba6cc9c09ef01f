"""Link: from laboratory feeds to one labelled case per person; run by `link_pathology`."""
