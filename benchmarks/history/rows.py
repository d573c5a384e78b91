"""The big tables, each by one statement; `%(…)s` are bound, `%%` is a modulo."""

PEOPLE = """
INSERT INTO recipients_recipient (email, first_name, last_name, mobile_phone, birth_date, language, gender,
    country_code, denylist_email, denylist_sms, denylist_push, denylist_file, denylist_all, attributes, created_at,
    updated_at)
SELECT 'person' || n || '@example' || n %% 20 || '.com', 'First' || n %% 5000, 'Last' || n %% 20000, '',
    DATE '1950-01-01' + (n %% 20000)::int, CASE n %% 3 WHEN 0 THEN 'fr' ELSE 'en' END, '',
    (ARRAY['FR', 'BE', 'GB', 'DE'])[1 + n %% 4], n %% 50 = 9, false, false, false, false,
    jsonb_build_object('segment', 'segment ' || n %% 7, 'points', n %% 1000),
    now() - (n %% 900) * interval '1 day', now()
FROM generate_series(1, %(people)s) AS n
"""
MEMBERS = """
INSERT INTO recipients_recipientlistmember (recipient_list_id, recipient_id)
SELECT lists.id, people.id FROM recipients_recipientlist AS lists
JOIN recipients_recipient AS people ON people.id %% 20 = lists.id %% 20
"""
SUBSCRIPTIONS = """
INSERT INTO recipients_subscription (service_id, recipient_id, created_at)
SELECT services.id, people.id, now() FROM recipients_service AS services
JOIN recipients_recipient AS people ON people.id %% 4 = services.id %% 4
"""
QUARANTINED = """
INSERT INTO recipients_quarantine (channel, address, status, error_count, failure_type, failure_reason, error_text,
    delivery_label, created_at, updated_at)
SELECT 'email', email, 4, 1, 1, 1, '', '', now(), now() FROM recipients_recipient WHERE id %% 100 = 12
"""
# Each delivery goes to a stretch of the people, as long as its target, that begins somewhere else each time.
BROADLOGS = """
INSERT INTO deliveries_broadlog (delivery_id, preparation_id, recipient_id, repeat, address, status, in_doubt_since,
    failure_type, failure_reason, failure_detail, attempts, updated_at)
SELECT delivery.id, preparation.id, people.id, 0, people.email,
    CASE WHEN people.id %% 33 = 5 THEN 0 WHEN people.id %% 70 = 9 THEN 2
        WHEN delivery.state = 55 AND people.id %% 2 = 0 THEN 6 ELSE 1 END,
    NULL,
    CASE WHEN people.id %% 33 = 5 THEN 3 WHEN people.id %% 70 = 9 THEN 1 END,
    CASE WHEN people.id %% 33 = 5 THEN 8 WHEN people.id %% 70 = 9 THEN 1 + people.id %% 5 END,
    '', 1, delivery.started_at
FROM deliveries_delivery AS delivery
JOIN deliveries_preparation AS preparation ON preparation.delivery_id = delivery.id
JOIN recipients_recipient AS people
    ON people.id BETWEEN delivery.id * 7919 %% (%(people)s - preparation.targeted + 1) + 1
    AND delivery.id * 7919 %% (%(people)s - preparation.targeted + 1) + preparation.targeted
WHERE delivery.kind <> 'proof'
"""
PARTS = """
INSERT INTO deliveries_deliverypart (delivery_id, preparation_id, first_id, last_id, size, state, due_at, attempt,
    claimed_by)
SELECT delivery_id, min(preparation_id), min(id), max(id), count(*), 3, now(), 1, ''
FROM deliveries_broadlog GROUP BY delivery_id, id / 1000
"""
COUNTERS = """
UPDATE deliveries_delivery AS delivery SET targeted = counted.targeted, ignored = counted.ignored,
    sent = counted.sent, failed = counted.failed, pending = counted.pending
FROM (SELECT delivery_id, count(*) AS targeted, count(*) FILTER (WHERE status = 0) AS ignored,
    count(*) FILTER (WHERE status = 1) AS sent, count(*) FILTER (WHERE status = 2) AS failed,
    count(*) FILTER (WHERE status = 6) AS pending FROM deliveries_broadlog GROUP BY delivery_id) AS counted
WHERE counted.delivery_id = delivery.id
"""
HITS = """
INSERT INTO tracking_trackinglog (delivery_id, broadlog_id, recipient_id, tracked_url_id, kind, at, verdict,
    user_agent)
SELECT log.delivery_id, log.id, log.recipient_id,
    CASE WHEN log.id %% 30 = 0 THEN link.id END, CASE WHEN log.id %% 30 = 0 THEN 'click' ELSE 'open' END,
    log.updated_at + (log.id %% 4000) * interval '1 minute',
    CASE log.id %% 60 WHEN 12 THEN 'scanner' ELSE 'human' END, 'Mozilla/5.0'
FROM deliveries_broadlog AS log
LEFT JOIN (SELECT version.delivery_id, min(url.id) AS id FROM deliveries_trackedurl AS url
    JOIN deliveries_contentversion AS version ON version.id = url.content_version_id
    GROUP BY version.delivery_id) AS link ON link.delivery_id = log.delivery_id
WHERE log.status = 1 AND log.id %% 6 = 0
"""
MINUTES = """
INSERT INTO deliveries_deliveryminute (delivery_id, minute, processed, succeeded)
SELECT id, date_trunc('minute', started_at) + n * interval '1 minute', 1 + targeted / 30, 1 + targeted / 31
FROM deliveries_delivery CROSS JOIN generate_series(0, 29) AS n WHERE started_at IS NOT NULL
"""
RUN_LOG = """
INSERT INTO operations_runlog (run_id, task_id, at, level, message)
SELECT task.run_id, task.id, now(), 'info', 'done' FROM operations_activityrun AS task CROSS JOIN generate_series(1, 3)
"""
MEMBERSHIPS = """
INSERT INTO operations_populationmember (population_id, recipient_id)
SELECT population.id, people.id FROM operations_population AS population
JOIN recipients_recipient AS people ON people.id <= population.count
"""
