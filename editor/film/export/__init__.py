"""Turn a film into the formats in which editing programs exchange films.

`exporters.EXPORTERS` is the table of writers, `carried.CARRIES` says what each format holds.
"""
