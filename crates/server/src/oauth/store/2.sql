-- When a token last opened something; that of a grant stands with its consent.
ALTER TABLE token ADD COLUMN used INTEGER;
