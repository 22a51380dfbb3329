"""The quantum job worker of Stint: a child process that runs one quantum job at a time.

The service writes messages to its stdin and reads messages from its stdout
(docs/attempt-protocol.md).
"""
