"""The Stint job worker: a child process that runs one quantum job at a time.

The service writes messages to stdin and reads messages from stdout; see docs/attempt-protocol.md.
"""
