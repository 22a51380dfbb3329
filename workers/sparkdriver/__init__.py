"""The driver of one interactive Spark session: a process that runs statements one at a time.

It uses the protocol of docs/attempt-protocol.md on a Unix socket, and keeps running while the
service restarts.
"""
