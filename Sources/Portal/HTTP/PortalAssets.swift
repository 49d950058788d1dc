import Hummingbird

/// The files that pages refer to; they are part of the program.
enum PortalAssets {
    private static let files: [String: (type: String, bytes: [UInt8])] = [
        "/style.css": ("text/css; charset=utf-8", PackageResources.style_css),
        "/webauthn.js": ("text/javascript; charset=utf-8", PackageResources.webauthn_js),
        "/openapi.json": ("application/json", PackageResources.openapi_json),
        "/icon.svg": ("image/svg+xml", PackageResources.icon_svg),
    ]

    /// The paths of the files.
    static var paths: [String] { files.keys.sorted() }

    /// Whether a path is that of a file.
    static func isAsset(_ path: String) -> Bool { files[path] != nil }

    /// A file, which browsers may keep for a while.
    static func response(for path: String) throws -> Response {
        guard let file = files[path] else { throw PortalFailure.notFound }
        return Response(
            status: .ok, headers: [.contentType: file.type, .cacheControl: "public, max-age=300"],
            body: ResponseBody(byteBuffer: ByteBuffer(bytes: file.bytes)))
    }
}
