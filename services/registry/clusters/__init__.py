"""Clusters (กลุ่ม): which three or four neighbouring centers are visited together, and why."""
