"""A private Sigstore on loopback: an OIDC issuer, a certificate authority (Fulcio), its log, and a transparency log (Rekor).

Source: https://github.com/sigstore/architecture-docs and RFC 6962
"""

from __future__ import annotations

import base64
import hashlib
import json
import struct
import time
import urllib.parse
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from loopback import serving

ISSUER = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/flows/.github/workflows/release.yml@refs/heads/main"
SINCE = "2020-01-01T00:00:00Z"
SCT_LIST = "1.3.6.1.4.1.11129.2.4.2"
FULCIO = "1.3.6.1.4.1.57264.1."


def b64(data):
    return base64.b64encode(data).decode()


def compact(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def token(identity=WORKFLOW, issuer=ISSUER, **claims):
    """Return an OIDC token."""
    now = int(time.time())
    values = {"iss": issuer, "sub": identity, "aud": "sigstore", "iat": now, "exp": now + 600, **claims}
    return jwt.encode(values, "a key that only the issuer has, of 32 bytes")


class Key:
    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.public = self._key.public_key()
        self.der = self.public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        self.id = hashlib.sha256(self.der).digest()

    def sign(self, data):
        return self._key.sign(data, ec.ECDSA(hashes.SHA256()))

    def issue(self, builder):
        return builder.sign(self._key, hashes.SHA256())


class PrivateSigstore:
    """The keys and the state of one Sigstore. `claims` is what its issuer says of who logs in with a browser."""

    def __init__(self):
        self.authority, self.certificates, self.log = Key(), Key(), Key()
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "private authority")])
        self.root = self._root()
        self.leaves = []
        self.requests = []
        self.claims = {"identity": "ada", "email": "ada@example.org"}

    def _root(self):
        off = ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only")
        usage = dict.fromkeys(off, False)
        now = datetime.now(timezone.utc)
        return self.authority.issue(
            x509.CertificateBuilder()
            .subject_name(self.name)
            .issuer_name(self.name)
            .public_key(self.authority.public)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(days=1))
            .not_valid_after(now + timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **usage), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(self.authority.public), critical=False)
        )

    def trust_config(self, url):
        """Return the ClientTrustConfig of this Sigstore, whose services are at `url`."""
        service = [{"url": url, "majorApiVersion": 1, "validFor": {"start": SINCE}, "operator": "acme"}]
        return {
            "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
            "trustedRoot": {
                "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
                "tlogs": [self._instance(url, self.log)],
                "certificateAuthorities": [
                    {
                        "subject": {"organization": "acme", "commonName": "private authority"},
                        "uri": url,
                        "certChain": {"certificates": [{"rawBytes": b64(self.root.public_bytes(Encoding.DER))}]},
                        "validFor": {"start": SINCE},
                    }
                ],
                "ctlogs": [self._instance(url, self.certificates)],
                "timestampAuthorities": [],
            },
            "signingConfig": {
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "caUrls": service,
                "oidcUrls": service,
                "rekorTlogUrls": service,
                "tsaUrls": [],
                "rekorTlogConfig": {"selector": "ANY"},
                "tsaConfig": {"selector": "ANY"},
            },
        }

    @staticmethod
    def _instance(url, key):
        public = {"rawBytes": b64(key.der), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": SINCE}}
        return {"baseUrl": url, "hashAlgorithm": "SHA2_256", "publicKey": public, "logId": {"keyId": b64(key.id)}}

    def certificate(self, raw_token, request):
        """Return the certificate chain as PEM for the key of a request, with the identity of the token."""
        claims = jwt.decode(raw_token, options={"verify_signature": False})
        now = datetime.now(timezone.utc)
        name = x509.RFC822Name(claims["email"]) if "email" in claims else x509.UniformResourceIdentifier(claims["sub"])
        off = (
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "key_cert_sign",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        )
        usage = x509.KeyUsage(digital_signature=True, content_commitment=False, **dict.fromkeys(off, False))
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.name)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(seconds=5))
            .not_valid_after(now + timedelta(minutes=10))
            .add_extension(usage, critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self.authority.public), critical=False)
            .add_extension(x509.SubjectAlternativeName([name]), critical=True)
        )
        for number, claim in {"8": "iss", "12": "repository", "13": "sha", "14": "ref"}.items():
            if claim in claims:
                value = x509.UnrecognizedExtension(x509.ObjectIdentifier(FULCIO + number), asn1.encode_der(claims[claim]))
                builder = builder.add_extension(value, critical=False)
        before = self.authority.issue(builder).tbs_certificate_bytes
        listed = x509.UnrecognizedExtension(x509.ObjectIdentifier(SCT_LIST), asn1.encode_der(self._timestamps(before)))
        final = self.authority.issue(builder.add_extension(listed, critical=False))
        return [each.public_bytes(Encoding.PEM).decode() for each in (final, self.root)]

    def _timestamps(self, certificate):
        """Return the list of the one timestamp that the log of certificates signs: section 3.3 of RFC 6962."""
        at = struct.pack(">Q", int(time.time() * 1000))
        entry = self.authority.id + struct.pack(">I", len(certificate))[1:] + certificate
        signature = self.certificates.sign(b"\0\0" + at + b"\0\1" + entry + b"\0\0")
        sct = b"\0" + self.certificates.id + at + b"\0\0" + b"\x04\x03" + struct.pack(">H", len(signature)) + signature
        return struct.pack(">HH", len(sct) + 2, len(sct)) + sct

    def entry(self, proposed):
        """Add an envelope to the transparency log, and return the answer of Rekor."""
        content = proposed["spec"]["proposedContent"]
        envelope = json.loads(content["envelope"])
        verifier = content["verifiers"][0]
        spec = {
            "envelopeHash": {"algorithm": "sha256", "value": hashlib.sha256(content["envelope"].encode()).hexdigest()},
            "payloadHash": {"algorithm": "sha256", "value": hashlib.sha256(base64.b64decode(envelope["payload"])).hexdigest()},
            "signatures": [{"signature": item["sig"], "verifier": verifier} for item in envelope["signatures"]],
        }
        body = compact({"apiVersion": "0.0.1", "kind": "dsse", "spec": spec})
        self.leaves.append(hashlib.sha256(b"\0" + body).digest())
        index = len(self.leaves) - 1
        root, path = _tree(self.leaves)
        note = f"private log\n{len(self.leaves)}\n{b64(root)}\n"
        checkpoint = f"{note}\n\u2014 private {b64(self.log.id[:4] + self.log.sign(note.encode()))}\n"
        stamped = {"body": b64(body), "integratedTime": int(time.time()), "logID": self.log.id.hex(), "logIndex": index}
        proof = {
            "logIndex": index,
            "rootHash": root.hex(),
            "treeSize": len(self.leaves),
            "hashes": [each.hex() for each in path],
            "checkpoint": checkpoint,
        }
        verification = {"inclusionProof": proof, "signedEntryTimestamp": b64(self.log.sign(compact(stamped)))}
        return {self.leaves[-1].hex(): {**stamped, "verification": verification}}


def _tree(leaves):
    """Return the root of a Merkle tree, and the path from its last leaf: section 2.1 of RFC 6962."""
    if len(leaves) == 1:
        return leaves[0], []
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, (right, path) = _tree(leaves[:split])[0], _tree(leaves[split:])
    return hashlib.sha256(b"\1" + left + right).digest(), [*path, left]


class _Handler(BaseHTTPRequestHandler):
    """Answers requests of the library."""

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(address.query))
        base = f"http://{self.headers['Host']}"
        if address.path == "/.well-known/openid-configuration":
            self._json({"authorization_endpoint": f"{base}/authorize", "token_endpoint": f"{base}/token"})
        elif address.path == "/authorize":
            self.send_response(302)
            self.send_header("Location", f"{query['redirect_uri']}?code=7&state={urllib.parse.quote(query['state'])}")
            self.end_headers()
        else:  # the token of a job on GitHub
            assert self.headers["Authorization"] == "bearer job"
            self._json({"value": token(aud=query["audience"])})

    def do_POST(self):
        sigstore = self.server.sigstore
        body = self.rfile.read(int(self.headers["Content-Length"]))
        sigstore.requests.append(self.path)
        if self.path == "/token":
            self._json({"access_token": token(**sigstore.claims)})
        elif self.path == "/api/v2/signingCert":
            request = x509.load_pem_x509_csr(base64.b64decode(json.loads(body)["certificateSigningRequest"]))
            chain = sigstore.certificate(self.headers["Authorization"].removeprefix("Bearer "), request)
            self._json({"signedCertificateEmbeddedSct": {"chain": {"certificates": chain}}}, 201)
        else:
            assert self.path == "/api/v1/log/entries"
            self._json(sigstore.entry(json.loads(body)), 201)

    def _json(self, value, status=200):
        content = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


@contextmanager
def private_sigstore(folder):
    """Start the services. Yield the Sigstore, its URL, and the file with its trust configuration in the folder."""
    sigstore = PrivateSigstore()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.sigstore = sigstore
    url = f"http://127.0.0.1:{server.server_port}"
    path = folder / "trust.json"
    path.write_text(json.dumps(sigstore.trust_config(url)))
    with serving(server):
        yield sigstore, url, path
