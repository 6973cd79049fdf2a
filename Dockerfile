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
FROM rust:1.95-slim-trixie AS build
WORKDIR /build

# The dependencies, built for an empty program: this layer lasts until Cargo.toml or Cargo.lock changes.
COPY Cargo.toml Cargo.lock ./
COPY .cargo .cargo
RUN mkdir src \
 && echo 'fn main() {}' >src/main.rs \
 && touch src/lib.rs \
 && cargo build --release --locked \
 && rm -r src

COPY migrations migrations
COPY openapi.yaml ./
COPY src src
# Cargo goes by time stamps, and what was copied may be older than the empty program.
RUN touch src/main.rs src/lib.rs \
 && cargo build --release --locked

# What goes into the image, in the places it has there.
COPY worlds/dev.yaml world.yaml
RUN target/release/sae-secret check-world world.yaml \
 && install -D target/release/sae-secret /image/usr/local/bin/sae-secret \
 && install -D --mode=0644 world.yaml /image/etc/sae-secret/world.yaml \
 && install -d --mode=0700 /volume/data

# Holds the C library, certificates and time zones: no shell, no package manager.
FROM gcr.io/distroless/cc-debian13:nonroot
LABEL org.opencontainers.image.title="sae-secret" \
      org.opencontainers.image.description="A server that speaks the namespaced Secret API of Alibaba Cloud SAE" \
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
# Asks http://127.0.0.1:8080; where the server listens on another port, SAE_SECRET_URL says so.
HEALTHCHECK --interval=10s --timeout=10s --start-period=5s --retries=3 \
    CMD ["/usr/local/bin/sae-secret", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/sae-secret"]
CMD ["serve"]
