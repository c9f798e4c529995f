-- How the organization wants its invoices numbered, where it has said so.
ALTER TABLE organization_ref ADD COLUMN invoice_number_format text;

DO $$
BEGIN
    ASSERT NOT EXISTS (SELECT FROM organization_ref WHERE invoice_number_format IS NOT NULL), 'nobody has said so yet';
END
$$;
