import CLibFIDO2
public import CTAP
import Dispatch
public import HIDTransport
import Synchronization
import WebAuthnModel

/// An authenticator that libfido2 operates, as any program that uses this library would.
///
/// It speaks CTAPHID over the blocking end of a pipe: libfido2 sees no difference to a key on USB. Every call into the
/// library blocks and happens on one queue of its own, never on the threads of Swift's concurrency. Cancelling the task
/// that waits for an operation sends CTAPHID_CANCEL.
///
/// libfido2 answers fewer questions than CTAP asks: one algorithm per request, no attestation format preference, no
/// enterprise attestation, and of the extensions only `credProtect` and `hmac-secret` (at registration) are passed on.
/// Messages may have up to 2048 bytes (`FIDO_MAXMSG`).
public final class LibFIDO2Device: CTAPClient {
    /// Frees the library's object, and closes the pipe, when it goes.
    struct Handle: ~Copyable {
        let device: OpaquePointer
        let pipe: LibFIDO2Pipe

        deinit {
            pipe.begin(nil)
            fido_dev_close(device)
            var device: OpaquePointer? = device
            fido_dev_free(&device)
        }
    }

    private let queue: DispatchQueue
    /// Locked by the queue alone, for as long as an operation takes.
    private let handle: Mutex<Handle?>
    private let algorithms = Mutex<[COSEAlgorithm]>([])

    private init(path: String) {
        queue = DispatchQueue(label: "aikagi.libfido2.\(path)")
        handle = Mutex(nil)
    }

    private static let initializeLibrary: Void = fido_init(0)

    /// Opens the device at the other end of a pipe: CTAPHID_INIT and authenticatorGetInfo.
    ///
    /// - Parameter end: The pipe's blocking end; from now on it is this object's, which closes it when it goes.
    public static func open(_ end: InProcessHIDPipe.HostEnd) async throws(CTAPClientError) -> LibFIDO2Device {
        initializeLibrary
        let pipe = LibFIDO2Pipe.register(end)
        defer { pipe.unregister() }
        let result = LibFIDO2Device(path: pipe.path)
        try await result.onQueue { device, cancellation throws(CTAPClientError) in
            try device.connect(pipe, cancellation)
        }
        let info = try await result.getInfo()
        let algorithms = (info.algorithms ?? []).map(\.alg)
        result.algorithms.withLock { $0 = algorithms }
        return result
    }

    /// Closes the device; operations then fail.
    public func close() async {
        await withCheckedContinuation { continuation in
            queue.async {
                self.handle.withLock { $0 = nil }
                continuation.resume()
            }
        }
    }

    /// Asks what the authenticator can do; libfido2 gives 2048 as the message size when the authenticator gives none.
    public func getInfo() async throws(CTAPClientError) -> AuthenticatorInfo {
        try await operate { device throws(CTAPClientError) in try LibFIDO2Operations.getInfo(device) }
    }

    /// Makes a credential with the first of the wanted algorithms that the authenticator has.
    public func makeCredential(
        _ request: MakeCredentialRequest
    ) async throws(CTAPClientError) -> MakeCredentialResponse {
        let known = algorithms.withLock { $0 }
        return try await operate { device throws(CTAPClientError) in
            try LibFIDO2Operations.makeCredential(device, request, algorithms: known)
        }
    }

    /// Gets all assertions; libfido2 itself asks for the next ones.
    public func getAssertions(
        _ request: GetAssertionRequest
    ) async throws(CTAPClientError) -> [GetAssertionResponse] {
        try await operate { device throws(CTAPClientError) in try LibFIDO2Operations.getAssertions(device, request) }
    }

    private func connect(_ pipe: LibFIDO2Pipe, _ cancellation: OperationCancellation) throws(CTAPClientError) {
        pipe.begin(cancellation)
        defer { pipe.begin(nil) }
        let error = handle.withLock { handle -> CTAPClientError? in
            guard let device = fido_dev_new() else { return .transport("there is not enough memory for libfido2") }
            let opened = Handle(device: device, pipe: pipe)
            var callbacks = LibFIDO2Pipe.callbacks
            do throws(LibFIDO2Error) {
                try LibFIDO2Error.check(fido_dev_set_io_functions(device, &callbacks))
                try LibFIDO2Error.check(fido_dev_open(device, pipe.path))
            } catch {
                return LibFIDO2Operations.clientError(error)
            }
            handle = consume opened
            return nil
        }
        if let error {
            pipe.close()
            throw error
        }
    }

    /// Does something with the open device.
    private func operate<Value: Sendable>(
        _ body: @escaping @Sendable (OpaquePointer) throws(CTAPClientError) -> Value
    ) async throws(CTAPClientError) -> Value {
        try await onQueue { device, cancellation throws(CTAPClientError) in
            try device.withHandle(cancellation, body)
        }
    }

    private func withHandle<Value: Sendable>(
        _ cancellation: OperationCancellation, _ body: (OpaquePointer) throws(CTAPClientError) -> Value
    ) throws(CTAPClientError) -> Value {
        let result = handle.withLock { handle -> Result<Value, CTAPClientError> in
            guard let device = handle?.device, let pipe = handle?.pipe else {
                return .failure(.transport("the connection to the authenticator is closed; open it again"))
            }
            pipe.begin(cancellation)
            defer { pipe.begin(nil) }
            do throws(CTAPClientError) { return .success(try body(device)) } catch { return .failure(error) }
        }
        return try result.get()
    }

    /// Runs on the queue; cancelling the waiting task cancels the operation.
    private func onQueue<Value: Sendable>(
        _ body: @escaping @Sendable (LibFIDO2Device, OperationCancellation) throws(CTAPClientError) -> Value
    ) async throws(CTAPClientError) -> Value {
        let cancellation = OperationCancellation()
        let result = await withTaskCancellationHandler {
            await withCheckedContinuation {
                (continuation: CheckedContinuation<Result<Value, CTAPClientError>, Never>) in
                queue.async {
                    guard !cancellation.isRequested else {
                        continuation.resume(returning: .failure(.cancelled))
                        return
                    }
                    let result: Result<Value, CTAPClientError>
                    do throws(CTAPClientError) {
                        result = .success(try body(self, cancellation))
                    } catch {
                        // Whatever status a cancelled operation ends with, it ended because of that.
                        result = .failure(cancellation.isRequested ? .cancelled : error)
                    }
                    continuation.resume(returning: result)
                }
            }
        } onCancel: {
            cancellation.request()
        }
        return try result.get()
    }
}
