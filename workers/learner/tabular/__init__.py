"""Tables: regression, classification, anomalies, and predict."""
