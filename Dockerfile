# The server in a small image without a shell. Secrets are kept in the volume /data; the user is 65532, not root.
#   docker build --tag sae-secret .
#   docker run --publish 127.0.0.1:8080:8080 --volume sae-secret:/data \
#       --volume ./master.keys:/run/secrets/master.keys:ro --env SAE_SECRET_MASTER_KEY_FILE=/run/secrets/master.keys sae-secret
# The file holds a line id:base64 of 32 random bytes (docs/encryption.md); chown it to 65532, so that nobody else need read
# it. Backups: docker exec CONTAINER /usr/local/bin/sae-secret backup /data/NAME
# Flags of `serve` go after the image's name and `serve`, settings into the environment. Requests have to be signed, by a
# key of the world file, unless SAE_SECRET_ANONYMOUS=allow is set. The keys of the world file in the image are known to
# everybody: mount one of your own over /etc/sae-secret/world.yaml where others can reach the port.

# The same release of Debian in both stages: the program is linked against its C library.
FROM rust:1.95.0-slim-trixie AS build
WORKDIR /build
COPY Cargo.toml Cargo.lock openapi.yaml ./
# Cargo's own settings, if there are any: beside a file that is always there, since nothing to copy is an error to some
# engines.
COPY Cargo.lock .carg[o]/config.toml .cargo/
COPY migrations migrations
COPY openapi openapi
COPY src src
# What was downloaded and compiled is kept outside the layers, so that a change costs what it changes. Cargo goes by time
# stamps: a file may be older than what another version of it was compiled to. Packed relocations save 280 kB.
RUN --mount=type=cache,id=sae-secret-registry,target=/usr/local/cargo/registry \
    --mount=type=cache,id=sae-secret-target,target=/build/target,sharing=locked \
    find openapi.yaml openapi migrations src -type f -exec touch {} + \
 && cargo rustc --release --locked --bin sae-secret -- --codegen link-arg=-Wl,-z,pack-relative-relocs \
 && install -D target/release/sae-secret /image/usr/local/bin/sae-secret \
 && install -d --mode=0700 /volume/data

COPY worlds/dev.yaml world.yaml
RUN /image/usr/local/bin/sae-secret check-world world.yaml \
 && install -D --mode=0644 world.yaml /image/etc/sae-secret/world.yaml

# Holds the C library, certificates and time zones: no shell, no package manager. Its tags carry no version: they follow
# Debian's security updates.
FROM gcr.io/distroless/cc-debian13:nonroot
LABEL org.opencontainers.image.title="sae-secret" \
      org.opencontainers.image.description="A server that speaks Alibaba Cloud's secret APIs: SAE's namespaced secrets and KMS Secrets Manager" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /image/ /
# A new volume takes its owner and rights from this folder.
COPY --from=build --chown=65532:65532 /volume/ /

ENV SAE_SECRET_LISTEN=0.0.0.0:8080 \
    SAE_SECRET_DATABASE_URL=sqlite:///data/sae-secret.db \
    SAE_SECRET_WORLD=/etc/sae-secret/world.yaml
USER 65532:65532
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# Asks where SAE_SECRET_LISTEN has the server listen, and by TLS where there is a SAE_SECRET_TLS_CERT; SAE_SECRET_URL
# names another address. The compose files ask sooner at the start, for which some builders know no flag.
HEALTHCHECK --interval=10s --timeout=10s --start-period=5s --retries=3 \
    CMD ["/usr/local/bin/sae-secret", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/sae-secret"]
CMD ["serve"]
