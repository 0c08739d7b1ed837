-- An installation of the time of schema 00002: pages and chunks, some with vectors, and no index of words. Its sizes are
-- such that a table that is written anew, or an index that is built under a lock, is noticed.
INSERT INTO connections (id, name, base_url, deployment, email, token_sealed)
VALUES ('connection_old', 'Old wiki', 'https://old.example.com', 'cloud', 'sync@example.com', '\x00');

INSERT INTO sources (source_id, name, connection_id, paused, metadata)
VALUES ('confluence_OLD', 'Old', 'connection_old', true,
    '{"confluence_space_key": "OLD", "confluence_base_url": "https://old.example.com", "total_pages": 2000, "sync_frequency_hours": 24}');

INSERT INTO confluence_pages (source_id, page_id, space_key, title, url, version, version_at, last_modified, path, author_name,
    labels, created_at, markdown, chunk_count, converter_version, content_hash, metadata)
SELECT 'confluence_OLD', n::text, 'OLD', 'Legacy page ' || n, 'https://old.example.com/wiki/pages/' || n, 3, '2025-05-01', '2025-05-01',
    '/' || n, 'Grace Hopper', ARRAY['legacy'], '2025-04-01', repeat('The pump of station ' || n || ' is serviced in spring. ', 40), 10, 1000000,
    sha256(n::text::bytea), jsonb_build_object('labels', ARRAY['legacy'], 'word_count', 40)
FROM generate_series(1, 2000) n;

INSERT INTO chunks (source_id, chunk_number, title, heading_path, section_title, content, body_text, hash, metadata, embedding, embedding_model)
SELECT 'confluence_OLD', c, 'Legacy page ' || n, 'Service', 'Service',
    'The **pump** of station' || n || ' is serviced in spring, part ' || c, 'The pump of station' || n || ' is serviced in spring, part ' || c,
    sha256((n || '-' || c)::bytea), jsonb_build_object('page_id', n::text, 'section_title', 'Service'),
    -- A vector of 512 numbers that differs from chunk to chunk; every tenth chunk has none yet.
    CASE WHEN c < 10 THEN ('[' || (n % 7 + 1) || ',' || c || repeat(',0.01', 510) || ']')::halfvec END,
    CASE WHEN c < 10 THEN 'legacy-model' END
FROM generate_series(1, 2000) n, generate_series(1, 10) c;
