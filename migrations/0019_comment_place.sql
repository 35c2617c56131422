-- Where in the difference a comment stands: 'new:1:14', the side, the text and its line; '' for the whole request.
ALTER TABLE change_request_comment ADD COLUMN place TEXT NOT NULL DEFAULT '';
