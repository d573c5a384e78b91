"""The demo: a kitchenware shop that writes to its customers in French and English.

`people.py` (who), `story.py` (operations, workflows, templates), `plans.py` (an approval, filters, a template),
`past.py` (twelve occurrences that were sent),
`once.py` (one run end to end, checked), `visits.py` (opens, clicks and an unsubscription over HTTP).
"""
