-- TRUNCATE is refused like UPDATE and DELETE: it fires no trigger of either, and would empty the audit log without a trace.
CREATE TRIGGER refuse_audit_truncate BEFORE TRUNCATE ON idh.audit_event
FOR EACH STATEMENT EXECUTE FUNCTION idh.refuse_audit_change();
CREATE TRIGGER refuse_audit_truncate BEFORE TRUNCATE ON idh.audit_chain
FOR EACH STATEMENT EXECUTE FUNCTION idh.refuse_audit_change();
