"""The mathematics of one province: the cheapest partition into clusters, and a bound that no partition undercuts.

A set-partitioning problem, solved to the proven optimum wherever its limits allow: a linear program over *all* subsets
(its columns are found by exact pricing), tightened by subset-row cuts, then an integer program over every subset that
can still stand in an optimum. Pure: arrays in, arrays out; numpy and HiGHS only.
"""
