-- A browser that was signed in to an account before, and shows its cookie, has attempts of its own.
ALTER TABLE sign_in_attempt DROP CONSTRAINT sign_in_attempt__kind_check;
ALTER TABLE sign_in_attempt ADD CONSTRAINT sign_in_attempt__kind_check CHECK (kind IN (
    'address', 'account_network', 'account', 'device', 'mail_address', 'mail_account', 'invitations_of', 'invitations_to'
));
