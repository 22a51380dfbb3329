"""Time series: forecast and impact."""
