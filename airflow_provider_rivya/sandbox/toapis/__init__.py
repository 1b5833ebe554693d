"""
ToAPIs as the sandbox speaks it, under ``/v1``, https://docs.toapis.com.

State, faults, ledger and the making of results are the ones that Rivya's endpoints have; what is here is this
gateway's own: its checks, the shapes of its answers and its switches.
"""
