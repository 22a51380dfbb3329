"""What all workers share, whatever they compute: messages, transports, the loop, logs, their end.

It imports the standard library alone, because each worker has an environment of its own.
"""
