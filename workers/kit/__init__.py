"""Code that all workers share: messages, transports, the main loop, logs, and process shutdown.

Imports only the standard library, because each kind of worker has its own virtual environment.
"""
