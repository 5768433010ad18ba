"""The real Apache Kafka: one KRaft node, its jars fetched once by Maven."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

from deploy.local.cache import CannotFetchError, Say, once, run, tool
from deploy.local.ports import HOST, Ports
from deploy.local.process import Process
from deploy.local.servers.broker import answers

VERSION = "4.1.1"
SCALA = "2.13"
LOG4J = "2.24.3"
"""Kafka brings log4j 2 of this version, but not what joins slf4j to it."""

OLDEST_JAVA = 17
HEAP = ("-Xms192m", "-Xmx512m", "-XX:+UseSerialGC")

PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1"

POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion><groupId>saraban</groupId><artifactId>kafka</artifactId><version>1</version>
<dependencies>
<dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_{SCALA}</artifactId><version>{VERSION}</version></dependency>
<dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId>
<version>{LOG4J}</version></dependency>
</dependencies></project>
"""

LOGGING = """status = error
appender.out.type = Console
appender.out.name = out
appender.out.layout.type = PatternLayout
appender.out.layout.pattern = [%d] %p %m (%c)%n
rootLogger.level = warn
rootLogger.appenderRef.out.ref = out
"""


class Kafka:
    """Broker and controller in one process. What it acknowledged lies in the kernel's file cache at the least."""

    name = "kafka"
    needs: tuple[str, ...] = ()

    def __init__(self, directory: Path, ports: Ports, cluster: str, say: Say) -> None:
        self.process = Process(self.name, directory)
        self._data = directory / "kafka"
        self._ports = ports
        self._cluster = cluster
        self._say = say

    @property
    def address(self) -> str:
        return f"{HOST}:{self._ports[self.name]}"

    def start(self) -> None:
        if self.process.alive():
            return
        jars = fetched(self._say)
        self._data.mkdir(mode=0o700, parents=True, exist_ok=True)
        settings = self._data / "server.properties"
        settings.write_text("".join(f"{key}={value}\n" for key, value in self._settings().items()))
        logging = self._data / "log4j2.properties"
        logging.write_text(LOGGING)
        java = [tool("java", "Apache Kafka"), *HEAP, f"-Dlog4j2.configurationFile={logging}", "-cp", f"{jars}/*"]
        if not (self._data / "log" / "meta.properties").exists():
            self._format(java, settings)
        self.process.spawn([*java, "kafka.Kafka", str(settings)])

    def _format(self, java: list[str], settings: Path) -> None:
        words = ["kafka.tools.StorageTool", "format", "--cluster-id", self._cluster, "--config", str(settings)]
        done = subprocess.run(
            [java[0], "-XX:TieredStopAtLevel=1", *java[1:], *words], capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise CannotFetchError(f"Kafka could not lay out {self._data}:\n{done.stdout}{done.stderr}")

    def _settings(self) -> dict[str, object]:
        port, controller = self._ports.claim(self.name), self._ports.claim("kafka-controller")
        return {
            "process.roles": "broker,controller",
            "node.id": 1,
            "listeners": f"PLAINTEXT://{HOST}:{port},CONTROLLER://{HOST}:{controller}",
            "advertised.listeners": f"PLAINTEXT://{HOST}:{port}",
            "controller.listener.names": "CONTROLLER",
            "controller.quorum.voters": f"1@{HOST}:{controller}",
            "log.dirs": self._data / "log",
            "auto.create.topics.enable": "false",
            "group.initial.rebalance.delay.ms": 0,
            "offsets.topic.replication.factor": 1,
            "offsets.topic.num.partitions": 10,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1,
            "transaction.state.log.num.partitions": 10,
            "share.coordinator.state.topic.replication.factor": 1,
            "share.coordinator.state.topic.min.isr": 1,
            # After kill -9 the controller takes the broker back only when the old one's session has ended.
            "broker.session.timeout.ms": 3_000,
            "broker.heartbeat.interval.ms": 500,
            "log.cleaner.dedupe.buffer.size": 16 << 20,  # the default is a quarter of our heap
        }

    def ready(self) -> bool:
        return answers(self.address)

    def stop(self) -> None:
        self.process.stop(patience=8)


def fetched(say: Say) -> Path:
    """The folder with Kafka's jars; fetched at first use. Raises CannotFetchError."""
    check_java()

    def fetch(draft: Path) -> None:
        maven = tool("mvn", "fetching Apache Kafka")
        say(f"fetching Apache Kafka {VERSION} with Maven (about 110 MB, once)")
        (draft / "pom.xml").write_text(POM)
        goal = [f"{PLUGIN}:copy-dependencies", "-DincludeScope=runtime", f"-DoutputDirectory={draft}"]
        run([maven, "-B", "-ntp", "--strict-checksums", "-f", str(draft / "pom.xml"), *goal], say, "steps")
        if not (draft / f"kafka_{SCALA}-{VERSION}.jar").exists():
            raise CannotFetchError(f"Maven brought no Apache Kafka {VERSION}")

    return once(f"kafka-{VERSION}", fetch)


def check_java() -> None:
    """Raises CannotFetchError unless a Java is installed that is new enough for Kafka 4."""
    java = tool("java", "Apache Kafka")
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    if found is None or int(found.group(1)) < OLDEST_JAVA:
        raise CannotFetchError(f"Apache Kafka {VERSION} needs Java {OLDEST_JAVA} or newer; this is {told.strip()!r}")
