import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Logging

/// The connection of a device to its chain's store.
struct ChainConnection: Sendable {
    let store: ToldStore
    /// The calls to the service; nil with a bucket of the person's own.
    let service: CredentialsClient?
    /// The bucket.
    let address: S3Address

    /// Connects a device: with a service it asks for credentials, unless those of an earlier run count still.
    /// - Parameters:
    ///   - options: the place of the store.
    ///   - holder: the keys that the device holds.
    ///   - files: the folder in which credentials are kept between the runs; nil keeps none.
    ///   - asks: whether a person is asked for the invitation of a new chain.
    static func open(
        _ options: ChainPlaceOptions,
        _ holder: ChainAccess,
        _ files: PrivateFiles?,
        asks: Bool = true,
        _ output: Output
    ) async throws -> ChainConnection {
        switch try options.place() {
        case .bucket(let address, let keys):
            let store = S3Store(address, credentials: keys, trusting: options.roots, limits: limits)
            return ChainConnection(store: ToldStore(store, output), service: nil, address: address)
        case .service(let url, let allowsPlain):
            let client = { (invitation: String?, session: CredentialsSession?) in
                try holder.client(url, invitation, session, trusting: options.roots, allowsPlain: allowsPlain)
            }
            // A service that is slow is told to the person who waits.
            let waiting = Task {
                try await Task.sleep(for: .seconds(3))
                guard output.form == .people else { return }
                output.prompt("The service does not answer yet. The program waits; Control-C stops it.\n")
            }
            defer { waiting.cancel() }
            let kept = KeptCredentials(files)
            let session = await kept.read()
            var asking = try client(try options.invitation, session)
            var credentials: S3Credentials
            do throws(ObjectStoreError) {
                credentials = try await asking.credentials()
            } catch {
                waiting.cancel()
                let error = ChainError.store(error)
                if error.code == .deviceRemoved || error.code == .accountDeleted { await kept.remove() }
                // An invitation in a file that the service does not take is to be looked at, and not typed anew.
                guard error.code == .invitationNeeded, asks, options.invitationFile == nil, Input.isTerminal else {
                    throw error
                }
                (asking, credentials) = try await register(output) { try client($0, nil) }
            }
            guard let address = credentials.address else { throw CommandError.internal }
            await kept.keep(asking.session)
            let used = try client(nil, asking.session)
            let store = S3Store(service: used, trusting: options.roots, limits: limits)
            // The store gets new credentials when these end; they are kept, too.
            let told = ToldStore(store, output) { await kept.keep(used.session) }
            return ChainConnection(store: told, service: used, address: address)
        }
    }

    /// Asks a person for the invitation of a new chain until the service takes it, but at most three times.
    /// - Parameter client: makes the calls with an invitation.
    private static func register(
        _ output: Output,
        _ client: (String) throws -> CredentialsClient
    ) async throws -> (CredentialsClient, S3Credentials) {
        var notes: [String] = []
        var attempt = 1
        while true {
            let reading = await output.askLine(
                "The service takes a new chain by invitation. Invitation:\u{20}",
                notes: notes
            )
            guard case .line(let line) = reading else { throw CommandError.notConfirmed }
            if YesOrNo(line) == .help {
                notes = [Help.invitation]
                continue
            }
            let invitation = line.byteCount <= 256 ? line.revealed().filter { !$0.isWhitespace } : ""
            do {
                let asking = try client(invitation)
                return (asking, try await asking.credentials())
            } catch {
                let error = (error as? ObjectStoreError).map(ChainError.store) ?? error
                let isRefused = (error as? ChainError)?.code == .invitationNeeded
                guard isRefused, attempt < YesOrNo.tries else { throw error }
                notes = ["The service does not take this one. It may be mistyped, or somebody has used it."]
                attempt += 1
            }
        }
    }

    /// The limits of the calls: a person waits, and the chain tries again.
    private static var limits: S3Limits {
        var limits = S3Limits()
        limits.tries = 2
        limits.callTimeout = .seconds(30)
        return limits
    }
}

/// The credentials that a service gave, kept in the folder of the seed for the next run. Without them the next run asks the
/// service again, so a fault of the file is only logged.
final class KeptCredentials: Sendable {
    private let files: PrivateFiles?
    private let written = Written()

    /// The session that is in the file.
    private actor Written {
        var session: CredentialsSession?

        func set(_ session: CredentialsSession?) -> Bool {
            defer { self.session = session }
            return self.session !== session
        }
    }

    private static let file = "chain.session"

    init(_ files: PrivateFiles?) {
        self.files = files
    }

    /// The credentials of an earlier run; nil if there are none that can be read.
    func read() async -> CredentialsSession? {
        do throws(StoreError) {
            guard let bytes = try await files?.read(Self.file, limit: CredentialsSession.byteLimit),
                let session = CredentialsSession(bytes)
            else { return nil }
            _ = await written.set(session)
            return session
        } catch {
            log(error)
            return nil
        }
    }

    /// Keeps credentials, unless they are in the file already. Nil removes the file.
    func keep(_ session: CredentialsSession?) async {
        guard await written.set(session) else { return }
        do throws(StoreError) {
            if let session {
                try await files?.write(session.encoded(), to: Self.file)
            } else {
                try await files?.remove(Self.file)
            }
        } catch {
            log(error)
        }
    }

    /// Removes the file.
    func remove() async { try? await files?.remove(Self.file) }

    private func log(_ error: StoreError) {
        Logger(label: "easysetup.chain").warning(
            "the credentials of the chain's store are not kept for the next run",
            metadata: ["error": "\(error.name)"]
        )
    }
}
