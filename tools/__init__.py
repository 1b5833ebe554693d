"""Tools of the checkout: the local Airflow stack, the demo, the locks. Not part of the distribution."""
