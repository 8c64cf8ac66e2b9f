-- What license servers tell in their requests.

-- the fields of INCREMENT lines that its licetd serves (R2.5), with blanks between; none: no request yet
ALTER TABLE server ADD COLUMN serves TEXT;
-- those that its license file says and the license server did not serve when it was numbered
ALTER TABLE issue ADD COLUMN not_served TEXT;
-- the hash of the last response that the license server has taken in (R5.2)
ALTER TABLE exchange ADD COLUMN last_response TEXT;
CREATE INDEX exchange_last_response ON exchange (server_id, last_response) WHERE last_response IS NOT NULL;
