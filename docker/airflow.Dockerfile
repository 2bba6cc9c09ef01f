# The platform's image: Airflow's components and the worker for the queue `default`.
FROM python:3.11.9-slim-bookworm@sha256:8fb099199b9f2d70342674bd9dbccd3ed03a258f26bbd1d556822c6dfc60c317

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/idh/.venv/bin:$PATH \
    HOME=/opt/airflow \
    AIRFLOW_HOME=/opt/airflow \
    PYTHONPATH=/opt/idh/plugins \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/idh/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/idh/plugins

# Root owns the code and the libraries: the service user can write its logs and the spool only.
RUN useradd --no-create-home --home-dir /opt/airflow --uid 50000 airflow \
    && mkdir -p /opt/idh /opt/airflow/logs /opt/spool \
    && chown -R airflow:airflow /opt/airflow /opt/spool
WORKDIR /opt/idh

COPY docker/bootstrap.lock requirements.lock ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r bootstrap.lock \
    && .venv/bin/uv pip sync --no-cache --require-hashes --compile-bytecode requirements.lock

COPY . .
RUN uv pip install --no-cache --no-deps --no-build-isolation -e .

USER 50000
ENTRYPOINT ["sh", "/opt/idh/docker/entrypoint.sh"]
CMD ["airflow", "version"]
