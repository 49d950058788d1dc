// swift-tools-version: 6.2

import PackageDescription

/// Settings of every target that touches no C library: the compiler proves that no unsafe construct is used unmarked.
let settings: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),  // SE-0335
    .enableUpcomingFeature("InternalImportsByDefault"),  // SE-0409
    .enableUpcomingFeature("MemberImportVisibility"),  // SE-0444
    .treatAllWarnings(as: .error),  // SE-0480
]

/// Settings of the pure layer: additionally, memory unsafety must be spelled out (SE-0458).
let pureSettings: [SwiftSetting] = settings + [.strictMemorySafety()]

/// Settings of the doors: an async function stays with its caller's executor, so that a call costs no more than one (SE-0461).
let doorSettings: [SwiftSetting] = settings + [.enableUpcomingFeature("NonisolatedNonsendingByDefault")]

let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let cryptoExtras: Target.Dependency = .product(name: "CryptoExtras", package: "swift-crypto")
let x509: Target.Dependency = .product(name: "X509", package: "swift-certificates")
let asn1: Target.Dependency = .product(name: "SwiftASN1", package: "swift-asn1")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let hummingbird: Target.Dependency = .product(name: "Hummingbird", package: "hummingbird")
let hummingbirdCore: Target.Dependency = .product(name: "HummingbirdCore", package: "hummingbird")
let hummingbirdTLS: Target.Dependency = .product(name: "HummingbirdTLS", package: "hummingbird")
let httpTypes: Target.Dependency = .product(name: "HTTPTypes", package: "swift-http-types")
let mustache: Target.Dependency = .product(name: "Mustache", package: "swift-mustache")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let asyncHTTPClient: Target.Dependency = .product(name: "AsyncHTTPClient", package: "async-http-client")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioHTTP1: Target.Dependency = .product(name: "NIOHTTP1", package: "swift-nio")
let nioWebSocket: Target.Dependency = .product(name: "NIOWebSocket", package: "swift-nio")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")

/// A target without C and without I/O.
func pure(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: pureSettings)
}

/// A target that does I/O or wraps a C library.
func module(
    _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [],
    settings: [SwiftSetting] = settings
) -> Target {
    .target(name: name, dependencies: dependencies, resources: resources, swiftSettings: settings)
}

/// The tests of one target, or of several together.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies + ["TestSupport", "Fixtures"], swiftSettings: settings)
}

let package = Package(
    name: "aikagi",
    products: [
        .executable(name: "aikagi", targets: ["aikagi"])
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/apple/swift-certificates", from: "1.21.1"),
        .package(url: "https://github.com/apple/swift-asn1", from: "1.7.4"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
        .package(url: "https://github.com/hummingbird-project/swift-mustache", from: "2.1.1"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        // C libraries, one module each; nothing but its wrapper imports one.
        .systemLibrary(name: "CLibFIDO2", pkgConfig: "libfido2", providers: [.apt(["libfido2-dev"])]),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .target(name: "CMLDSA44"),  // declares what swift-crypto's BoringSSL defines
        .systemLibrary(name: "CQREncode", pkgConfig: "libqrencode", providers: [.apt(["libqrencode-dev"])]),
        .systemLibrary(name: "CZBar", pkgConfig: "zbar", providers: [.apt(["libzbar-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
        .systemLibrary(name: "CFuse", pkgConfig: "fuse3", providers: [.apt(["libfuse3-dev"])]),
        .systemLibrary(name: "CXCB", pkgConfig: "xcb", providers: [.apt(["libxcb1-dev"])]),
        .systemLibrary(name: "CLinuxProcess"),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),

        // The pure layer: values and state machines, no I/O, no clock of its own.
        pure("CBOR", []),
        pure("WebAuthnModel", ["CBOR", crypto]),
        pure("CTAP", ["CBOR", "WebAuthnModel", crypto, cryptoExtras]),
        pure("CTAPHID", []),
        pure("HybridProtocol", ["CBOR", crypto, cryptoExtras]),
        pure("CSV", []),
        pure("SMTP", []),
        pure("KeyControlProtocol", []),

        // Rooms.
        pure("SoftwareAuthenticator", ["CBOR", "CTAP", "WebAuthnModel", crypto, cryptoExtras, x509, asn1]),
        module(
            "CredentialStorage",
            ["SoftwareAuthenticator", "CTAP", "WebAuthnModel", "CBOR", crypto, cryptoExtras, grdb, grdbSQLite]),
        module("SupplementaryKeys", ["SoftwareAuthenticator", "WebAuthnModel", crypto, "COpenSSL", "CMLDSA44"]),

        // Doors and clients.
        module("HIDTransport", ["CTAPHID", "CTAP", "CFuse"], settings: doorSettings),
        module("SecurityKeys", ["HIDTransport", "CTAPHID", "CTAP", "WebAuthnModel", "CBOR", "CLibFIDO2"]),
        module("BluetoothLE", []),
        module("VirtualBlueZ", ["BluetoothLE", "CSystemd"]),
        module(
            "HybridTransport",
            [
                "HybridProtocol", "CTAP", "WebAuthnModel", "BluetoothLE", crypto, nioCore, nioPosix, nioHTTP1,
                nioWebSocket, nioSSL,
            ]),
        module(
            "TunnelService",
            ["HybridProtocol", nioCore, nioPosix, nioHTTP1, nioWebSocket, nioSSL, serviceLifecycle, logging]),
        pure("CertificateAuthority", [crypto, x509, asn1]),
        pure("ClientPlatform", ["WebAuthnModel", "CTAP", "CBOR", crypto]),

        // Programs in a namespace of their own.
        module(
            "ProgramRunner",
            [
                "HIDTransport", "CTAPHID", "VirtualBlueZ", "BluetoothLE", "HybridProtocol", "TunnelService",
                "CertificateAuthority", logging, "CLinuxProcess",
            ]),

        // The relying party's side.
        pure("RelyingParty", ["CBOR", "WebAuthnModel", crypto, cryptoExtras, x509, asn1]),
        module(
            "Portal",
            [
                "RelyingParty", "WebAuthnModel", "QRCodes", "CSV", "SMTP", "CLinuxProcess", hummingbird,
                hummingbirdCore,
                hummingbirdTLS, httpTypes, nioCore, nioPosix, nioTLS, nioSSL, mustache, grdb, logging, crypto,
                cryptoExtras,
                serviceLifecycle,
            ], resources: [.embedInCode("Resources")]),

        // QR codes, drawn and read.
        module("QRCodes", ["CQREncode", "CZBar", "CPNG", "CTurboJPEG"]),
        module("ScreenCapture", ["QRCodes", "CXCB"]),

        // The command line: the only place where doors meet rooms.
        module(
            "AikagiCommands",
            [
                "CBOR", "WebAuthnModel", "CTAP", "CTAPHID", "HybridProtocol", "SoftwareAuthenticator",
                "CredentialStorage", "SupplementaryKeys", "HIDTransport", "SecurityKeys", "BluetoothLE",
                "HybridTransport", "TunnelService",
                "CertificateAuthority", "ClientPlatform", "RelyingParty", "Portal", "QRCodes", "ScreenCapture",
                "ProgramRunner", "KeyControlProtocol", argumentParser, asyncHTTPClient, logging, serviceLifecycle,
                unixSignals, crypto, x509,
                asn1,
                nioCore, nioPosix, nioHTTP1, nioSSL,
            ]),
        .executableTarget(name: "aikagi", dependencies: ["AikagiCommands"], swiftSettings: settings),

        // Test data and test doubles.
        .target(
            name: "Fixtures", path: "Fixtures", exclude: ["Corpora"],
            resources: [.copy("Hybrid"), .copy("Attestation")],
            swiftSettings: settings),
        .target(
            name: "TestSupport", dependencies: ["Fixtures", "CTAP"], path: "Tests/Support", swiftSettings: settings),

        tests("CBORTests", ["CBOR"]),
        tests("WebAuthnModelTests", ["WebAuthnModel", "CBOR", crypto]),
        tests("CTAPTests", ["CTAP", "CBOR", "WebAuthnModel"]),
        tests("CTAPHIDTests", ["CTAPHID"]),
        tests("HybridProtocolTests", ["HybridProtocol", "CBOR", crypto]),
        tests(
            "SoftwareAuthenticatorTests",
            ["SoftwareAuthenticator", "CTAP", "CBOR", "WebAuthnModel", crypto, cryptoExtras, x509, asn1]),
        tests(
            "SupplementaryKeysTests",
            [
                "SupplementaryKeys", "SoftwareAuthenticator", "CredentialStorage", "RelyingParty", "CTAP",
                "WebAuthnModel",
                "CBOR", crypto,
            ]),
        tests(
            "CredentialStorageTests",
            ["CredentialStorage", "SoftwareAuthenticator", "CTAP", "WebAuthnModel", "CBOR", grdb]),
        tests(
            "SecurityKeysTests",
            [
                "SecurityKeys", "HIDTransport", "CTAPHID", "CTAP", "SoftwareAuthenticator", "WebAuthnModel", "CBOR",
                crypto,
            ]),
        tests("HIDTransportTests", ["HIDTransport", "CTAPHID", "CTAP"]),
        tests("BluetoothLETests", ["BluetoothLE"]),
        tests(
            "ProgramRunnerTests",
            [
                "ProgramRunner", "HIDTransport", "CTAPHID", "CertificateAuthority", "TunnelService", "BluetoothLE",
                "HybridProtocol", crypto,
            ]),
        tests(
            "VirtualBlueZTests",
            [
                "VirtualBlueZ", "BluetoothLE", "HybridTransport", "HybridProtocol", "TunnelService",
                "CertificateAuthority",
                "QRCodes", "SoftwareAuthenticator", "CTAP", nioCore, nioPosix, nioHTTP1, logging,
            ]),
        tests(
            "HybridTransportTests",
            [
                "HybridTransport", "TunnelService", "CertificateAuthority", "HybridProtocol", "BluetoothLE", "CTAP",
                crypto, nioCore, nioPosix, nioSSL, logging, serviceLifecycle,
            ]),
        tests("CertificateAuthorityTests", ["CertificateAuthority", x509, asn1]),
        tests("RelyingPartyTests", ["RelyingParty", "WebAuthnModel", "CBOR", crypto, cryptoExtras, x509, asn1]),
        tests(
            "ClientPlatformTests", ["ClientPlatform", "SoftwareAuthenticator", "WebAuthnModel", "CTAP", "CBOR", crypto]),
        tests(
            "PortalTests",
            [
                "Portal", "CSV", "RelyingParty", "WebAuthnModel",
                "CBOR", crypto, grdb, hummingbird, httpTypes, logging, nioCore, nioPosix,
                .product(name: "HummingbirdTesting", package: "hummingbird"),
                .product(name: "NIOEmbedded", package: "swift-nio"),
            ]),
        tests("CSVTests", ["CSV"]),
        tests("SMTPTests", ["SMTP"]),
        tests("KeyControlProtocolTests", ["KeyControlProtocol"]),
        tests("QRCodesTests", ["QRCodes", "CTurboJPEG"]),
        tests("ScreenCaptureTests", ["ScreenCapture", "QRCodes", "ProgramRunner", "HIDTransport"]),
        tests(
            "AikagiCommandsTests",
            [
                "AikagiCommands", "HybridProtocol", "HybridTransport", "SoftwareAuthenticator", "HIDTransport",
                "CTAPHID", "CTAP", "ProgramRunner", "Portal", "ScreenCapture", "QRCodes", "BluetoothLE",
                "WebAuthnModel", "KeyControlProtocol",
                argumentParser,
            ]),
        tests("UdevRulesTests", []),
    ]
)

// Benchmarks, only with AIKAGI_BENCHMARKS in the environment: they are of use in a release build alone.
if Context.environment["AIKAGI_BENCHMARKS"] != nil {
    package.products += [.executable(name: "aikagi-benchmarks", targets: ["aikagi-benchmarks"])]
    package.targets += [
        .target(name: "CDoorClient", path: "Benchmarks/CDoorClient"),
        .executableTarget(
            name: "aikagi-benchmarks",
            dependencies: [
                "SoftwareAuthenticator", "CredentialStorage", "HIDTransport", "CTAP", "CTAPHID", "CDoorClient",
                "WebAuthnModel", "RelyingParty", "CBOR", crypto, grdb,
            ],
            path: "Benchmarks/aikagi-benchmarks", swiftSettings: settings),
    ]
}

// Fuzzing, only with AIKAGI_FUZZ in the environment (Tests/Fuzzers/README.md): one program that gives libFuzzer's inputs to
// every decoder. The decoders' modules are built with coverage counters; gold cannot link them, lld can.
if Context.environment["AIKAGI_FUZZ"] != nil {
    let decoders = [
        "CBOR", "WebAuthnModel", "CTAP", "CTAPHID", "HybridProtocol", "BluetoothLE", "SoftwareAuthenticator",
        "SupplementaryKeys", "RelyingParty", "CredentialStorage", "CSV", "SMTP", "KeyControlProtocol",
    ]
    for target in package.targets where decoders.contains(target.name) {
        target.swiftSettings = (target.swiftSettings ?? []) + [.unsafeFlags(["-sanitize=fuzzer"])]
    }
    package.products += [.executable(name: "aikagi-fuzz", targets: ["aikagi-fuzz"])]
    package.targets += [
        .target(name: "CLibFuzzer", path: "Tests/Fuzzers/CLibFuzzer"),
        .executableTarget(
            name: "aikagi-fuzz",
            dependencies: decoders.map { .byName(name: $0) } + ["CLibFuzzer", "TestSupport", crypto, x509, asn1],
            path: "Tests/Fuzzers/aikagi-fuzz", swiftSettings: settings,
            linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]),
    ]
}
