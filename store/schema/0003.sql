-- Version 3. began is the item key that was the next to be given out when the chunk began: what has a lower key was there
-- before. 0: not known.

ALTER TABLE chunk ADD COLUMN began INTEGER NOT NULL DEFAULT 0;
