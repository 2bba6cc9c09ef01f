# The worker for the queue `gpu`: the same code on TensorFlow with CUDA, its libraries from the wheels.
FROM python:3.11.9-slim-bookworm

ENV PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1 \
    PATH=/opt/idh/.venv/bin:$PATH \
    AIRFLOW_HOME=/opt/airflow \
    AIRFLOW__CORE__DAGS_FOLDER=/opt/idh/dags \
    AIRFLOW__CORE__PLUGINS_FOLDER=/opt/idh/plugins \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,utility

RUN useradd --create-home --uid 50000 airflow \
    && mkdir -p /opt/idh /opt/airflow/logs \
    && chown -R airflow:airflow /opt/idh /opt/airflow
USER 50000
WORKDIR /opt/idh

COPY --chown=50000 docker/bootstrap.lock docker/requirements-gpu.lock ./
RUN python -m venv .venv \
    && .venv/bin/pip install --no-cache-dir --require-hashes --no-deps -r bootstrap.lock \
    && .venv/bin/uv pip sync --no-cache --require-hashes --compile-bytecode requirements-gpu.lock

COPY --chown=50000 . .
RUN uv pip install --no-cache --no-deps --no-build-isolation -e .

ENTRYPOINT ["sh", "/opt/idh/docker/entrypoint.sh"]
CMD ["airflow", "celery", "worker", "--queues", "gpu", "--concurrency", "1"]
