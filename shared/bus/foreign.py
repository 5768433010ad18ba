"""Records of other systems: signed by their writers, and checked before anybody reads them."""

from joserfc.jwk import ECKey

from shared.bus.envelope import Envelope, Incoming, Outgoing, encode
from shared.contracts.topics import Topic
from shared.failures import BadData
from shared.security.publishers import Publishers
from shared.security.signing import BadSignatureError, check, sign

SIGNATURE = "ce_signature"


def encode_signed(envelope: Envelope, topic: Topic, namespace: str, key: ECKey) -> Outgoing:
    """The record for another system's envelope, signed with its private key."""
    record = encode(envelope, topic.named(namespace))
    signature = sign(_attributes(envelope, topic), envelope.data, key)
    return record._replace(headers=[*record.headers, (SIGNATURE, signature.encode())])


def check_signed(record: Incoming, envelope: Envelope, topic: Topic, publishers: Publishers) -> None:
    """Let a record of another system pass. About 0.1 ms of processor time.

    Raises BadData: `unknown_publisher`, `unsigned` or `bad_signature`.
    """
    publisher = publishers.who(envelope.source, topic.name)
    if publisher is None:
        raise BadData("unknown_publisher", "ce_source")
    signature = dict(record.headers).get(SIGNATURE)
    if not signature:
        raise BadData("unsigned", SIGNATURE)
    try:
        check(signature.decode("ascii"), _attributes(envelope, topic), envelope.data, publishers.keys_of(publisher))
    except (BadSignatureError, UnicodeDecodeError):
        raise BadData("bad_signature", SIGNATURE) from None


def _attributes(envelope: Envelope, topic: Topic) -> dict[str, str | int]:
    """All that a signature covers besides the data. Without the namespace: the writer's name for a topic is ours."""
    return {
        "topic": topic.name,
        "key": envelope.key,
        "id": envelope.id,
        "source": envelope.source,
        "type": envelope.type,
        "subject": envelope.subject,
        "time": envelope.time,
        "sequence": envelope.sequence,
    }
