-- A partial that was named by a label was looked up each time its prompt was served. It is locked like every other one
-- now, to the version that the label leads to at this moment: what callers get stays as it is, and no later move of the
-- label changes it. What leads nowhere stays 0, and is refused when served, as before.
UPDATE prompt_use SET number = COALESCE(
  (SELECT l.number FROM alias l WHERE l.asset = prompt_use.asset AND l.name = prompt_use.selector),
  (SELECT v.number FROM version v
    WHERE v.asset = prompt_use.asset AND v.semver = prompt_use.selector AND v.deleted = 0),
  (SELECT MAX(v.number) FROM version v
    WHERE v.asset = prompt_use.asset AND prompt_use.selector = 'latest' AND v.deleted = 0),
  0) WHERE number = 0;

-- Who told a value about a trace: it counts for a prompt only if its teller may report on that prompt. Empty for values
-- from before, which count for none.
ALTER TABLE trace_value ADD COLUMN actor TEXT NOT NULL DEFAULT '';
