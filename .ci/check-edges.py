#!/usr/bin/env python3
"""Checks the direction of flow between modules: every import is declared in Package.swift, no forbidden edge exists, and
C modules stay inside their wrappers. Reads `swift package dump-package` and the `import` lines; prints each offence."""

import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
IMPORT = re.compile(
    r"^\s*(?:@\w+(?:\([^)]*\))?\s+)*(?:(public|package|internal|fileprivate|private)\s+)?import\s+"
    r"(?:(?:class|struct|enum|protocol|func|var|let|typealias)\s+)?(\w+)", re.M)
# What the toolchain brings along.
SYSTEM = {"Foundation", "FoundationEssentials", "FoundationNetworking", "Glibc", "Dispatch", "Synchronization", "Swift",
          "Testing", "PackageDescription"}
PURE = {"CBOR", "WebAuthnModel", "CTAP", "CTAPHID", "HybridProtocol", "CSV", "SMTP", "KeyControlProtocol"}
TRANSPORTS = {"HIDTransport", "SecurityKeys", "BluetoothLE", "HybridTransport", "TunnelService", "VirtualBlueZ"}
ROOMS = {"SoftwareAuthenticator", "SupplementaryKeys", "CredentialStorage"}
# module -> modules that it must not reach, directly or through others
FORBIDDEN = {
    **{module: TRANSPORTS | ROOMS | {"Logging", "ArgumentParser", "NIOCore", "NIOPosix"} for module in PURE},
    "SoftwareAuthenticator": TRANSPORTS,
    **{module: ROOMS for module in TRANSPORTS},
    "RelyingParty": {"CTAP", "CTAPHID"} | TRANSPORTS | ROOMS,
    "Portal": {"CTAP", "CTAPHID"} | TRANSPORTS | ROOMS,
    "ClientPlatform": TRANSPORTS | ROOMS,
}
FORBIDDEN["TunnelService"] = FORBIDDEN["TunnelService"] | {"CTAP"}
# A relay reads addresses only: these names of HybridProtocol are not for it.
NOT_FOR_TUNNEL = re.compile(r"\b(Handshake\w*|HybridCipher|HybridTransportCipher|HybridKeyDerivation|HybridMessage)\b")


def main() -> int:
    dump = json.loads(subprocess.check_output(["swift", "package", "dump-package"], cwd=ROOT))
    targets = {target["name"]: target for target in dump["targets"]}
    edges, problems = {}, []
    for name, target in targets.items():
        edges[name] = {dependency[kind][0] for dependency in target["dependencies"] for kind in dependency}
    for name, target in targets.items():
        if target["type"] == "system":
            continue
        folder = ROOT / (target.get("path") or ("Tests/" if target["type"] == "test" else "Sources/") + name)
        for file in sorted(folder.rglob("*.swift")):
            text = file.read_text()
            for access, module in IMPORT.findall(text):
                where = f"{file.relative_to(ROOT)}: import {module}"
                if module not in SYSTEM and module not in edges[name] and module != name:
                    problems.append(f"{where}: not among the dependencies of {name} in Package.swift")
                if module in FORBIDDEN.get(name, set()):
                    problems.append(f"{where}: {name} must not know {module}")
                if targets.get(module, {}).get("type") == "system":
                    if name in PURE:
                        problems.append(f"{where}: the pure layer touches no C library")
                    if access == "public":
                        problems.append(f"{where}: a C type would show in the public interface")
            if name == "TunnelService" and NOT_FOR_TUNNEL.search(text):
                problems.append(f"{file.relative_to(ROOT)}: the tunnel service knows addresses, no keys")
    for name, banned in FORBIDDEN.items():
        reached, queue = set(), [name] if name in targets else []
        while queue:
            for dependency in edges.get(queue.pop(), set()) - reached:
                reached.add(dependency)
                queue.append(dependency)
        problems += [f"Package.swift: {name} reaches {module}" for module in sorted(reached & banned)]
    for problem in problems:
        print(problem, file=sys.stderr)
    print(f"module edges: {len(targets)} targets checked, {len(problems)} offences")
    return 1 if problems else 0


sys.exit(main())
