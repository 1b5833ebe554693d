"""
A server on loopback that speaks the public contracts of both gateways: nothing is real, nothing is charged.

``python -m airflow_provider_rivya.sandbox --port 8765`` starts it. It shares no code with the
client, so a misreading of the contract in one of them shows in the other; of the project it reads
only the model data, ``catalog/rivya.json`` and ``catalog/toapis.json``. Everything the public documentation
leaves open is a named switch (see :mod:`.assumptions.switches`).
"""
