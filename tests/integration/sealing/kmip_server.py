"""PyKMIP's server as a process: `python -m tests.integration.sealing.kmip_server folder port`."""

import sys
import warnings
from pathlib import Path

CIPHERS = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"

if __name__ == "__main__":
    warnings.simplefilter("ignore")
    from kmip.services.server import KmipServer

    folder = Path(sys.argv[1])
    with KmipServer(
        hostname="127.0.0.1",
        port=int(sys.argv[2]),
        certificate_path=str(folder / "server.pem"),
        key_path=str(folder / "server.pem"),
        ca_path=str(folder / "ca.pem"),
        auth_suite="TLS1.2",
        config_path=None,
        log_path=str(folder / "kmip.log"),
        policy_path=str(folder),
        enable_tls_client_auth=True,
        tls_cipher_suites=CIPHERS,
        logging_level="WARNING",
        database_path=str(folder / "kmip.sqlite"),
    ) as server:
        server.serve()
