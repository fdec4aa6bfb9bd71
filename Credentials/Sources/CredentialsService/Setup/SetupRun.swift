import AsyncHTTPClient
import Crypto
import EasySetupS3
import Foundation
import NIOCore
import NIOHTTP1

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// The reason why a step of setting up a store was not done.
package enum SetupFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A file can't be read or written.
    case file(String, String)
    /// A program can't be started.
    case missing(String)
    /// A program failed: its words, and the end of its errors.
    case failed(String, String)
    /// A program printed no keys.
    case noKeys(String)
    /// The store does not answer, or not to the admin's keys yet.
    case notYet(String)
    /// The store refused.
    case refused(String, String)

    package var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .missing(let program): "\(program) can't be started: is it installed here?"
        case .failed(let words, let errors): "\(words) failed: \(errors)"
        case .noKeys(let words): "\(words) printed no keys"
        case .notYet(let reason): "\(reason). Start the store as it is said above, and run this again."
        case .refused(let what, let answer): "the store refused \(what): \(answer)"
        }
    }
}

/// Takes the steps of setting up a store. What is there already stays, so it may be run again.
package struct SetupRun: Sendable {
    private let setup: StoreSetup
    private let client: STSClient
    private let now: Int

    /// Makes a run.
    /// - Parameter now: the time in seconds since 1970.
    package init(_ setup: StoreSetup, client: STSClient, now: Int) {
        self.setup = setup
        self.client = client
        self.now = now
    }

    /// Takes all steps.
    /// - Parameter tell: hears what was done; no text has a secret.
    /// - Throws: ``SetupFault``.
    package func run(tell: (String) -> Void) async throws {
        guard mkdir(setup.folder, 0o700) == 0 || errno == EEXIST else { throw fault(setup.folder) }
        for step in setup.steps {
            switch step {
            case .say: break
            case .makeKeys(let name): tell(try makeKeys(name))
            case .file(let name, let content):
                try write(name, try filled(content))
                tell("wrote \(setup.path(name))")
            case .command(let words, let otherwise, let accepts, let keys):
                if let keys, exists(keys) {
                    tell("kept \(setup.path(keys))")
                    continue
                }
                let output = try run(words, otherwise: otherwise, accepts: accepts)
                tell("ran \(SetupStep.shell(words))")
                if let keys {
                    guard let pair = Self.keys(in: output) else { throw SetupFault.noKeys(SetupStep.shell(words)) }
                    try write(keys, "\(pair.access)\n\(pair.secret)\n")
                    tell("wrote \(setup.path(keys))")
                }
            case .request(let request):
                try await send(request)
                tell("did \(SetupStep.shell(request.shown))")
            }
        }
    }

    // MARK: Files

    private func exists(_ name: String) -> Bool { access(setup.path(name), F_OK) == 0 }

    private func fault(_ path: String) -> SetupFault { .file(path, String(cString: strerror(errno))) }

    /// Makes keys where there are none, and tells which of both it was.
    private func makeKeys(_ name: String) throws -> String {
        guard !exists(name) else { return "kept \(setup.path(name))" }
        let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789")
        let all = letters + Array("abcdefghijklmnopqrstuvwxyz")
        func text(_ count: Int, of characters: [Character]) -> String {
            String((0..<count).map { _ in characters.randomElement() ?? "A" })
        }
        try write(name, "\(text(20, of: letters))\n\(text(40, of: all))\n")
        return "wrote \(setup.path(name))"
    }

    /// Writes a file that its owner alone may read, whole or not at all.
    private func write(_ name: String, _ content: String) throws {
        let path = setup.path(name)
        let draft = path + ".new"
        unlink(draft)
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw fault(draft) }
        let handle = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        do {
            try handle.write(contentsOf: Data(content.utf8))
            try handle.synchronize()
        } catch {
            throw SetupFault.file(draft, "can't be written")
        }
        guard rename(draft, path) == 0 else { throw fault(path) }
    }

    private func read(_ name: String) throws -> String {
        let path = setup.path(name)
        guard let data = FileManager.default.contents(atPath: path) else {
            throw SetupFault.file(path, "can't be read")
        }
        return String(decoding: data, as: UTF8.self)
    }

    private func keys(_ name: String) throws -> (access: String, secret: String) {
        let lines = try read(name).split(separator: "\n").map(String.init)
        guard lines.count == 2 else { throw SetupFault.file(setup.path(name), "has not two lines of keys") }
        return (lines[0], lines[1])
    }

    /// A text with the keys that were made.
    private func filled(_ content: String) throws -> String {
        var text = content
        for name in ["admin", "broker", "poster", "sts"] where text.contains("{\(name).") {
            let keys = try keys(name)
            text = text.replacing("{\(name).access}", with: keys.access).replacing(
                "{\(name).secret}",
                with: keys.secret
            )
            .replacing("{\(name).secret64}", with: Data(keys.secret.utf8).base64EncodedString())
        }
        return text
    }

    // MARK: Programs

    private func run(_ words: [String], otherwise: [String]?, accepts: String?) throws -> Data {
        let (status, output, errors) = try Self.run(words)
        if status == 0 { return output }
        if let accepts, errors.contains(accepts) { return output }
        if let otherwise, case (0, let output, _) = try Self.run(otherwise) { return output }
        throw SetupFault.failed(
            SetupStep.shell(words),
            errors.split(separator: "\n").suffix(3).joined(separator: " ")
        )
    }

    private static func run(_ words: [String]) throws -> (status: Int32, output: Data, errors: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = words
        let output = Pipe()
        // A file, because two pipes that are read one after the other can wait for each other.
        let errors = FileManager.default.temporaryDirectory.appending(path: "easysetup-setup-\(UUID().uuidString)").path
        let file = open(errors, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw SetupFault.file(errors, "can't be written") }
        unlink(errors)
        let told = FileHandle(fileDescriptor: file, closeOnDealloc: true)
        process.standardOutput = output
        process.standardError = told
        process.standardInput = FileHandle.nullDevice
        guard (try? process.run()) != nil else { throw SetupFault.missing(words[0]) }
        let data = (try? output.fileHandleForReading.readToEnd()) ?? Data()
        process.waitUntilExit()
        // The exit code of env where there is no such program.
        guard process.terminationStatus != 127 else { throw SetupFault.missing(words[0]) }
        try? told.seek(toOffset: 0)
        let text = (try? told.readToEnd()).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return (process.terminationStatus, data, text)
    }

    /// The first pair of keys in an answer of radosgw-admin, or of aws.
    static func keys(in output: Data) -> (access: String, secret: String)? {
        func find(_ value: Any) -> (String, String)? {
            if let object = value as? [String: Any] {
                let access = object["access_key"] ?? object["AccessKeyId"]
                let secret = object["secret_key"] ?? object["SecretAccessKey"]
                if let access = access as? String, let secret = secret as? String, !access.isEmpty, !secret.isEmpty {
                    return (access, secret)
                }
                return object.keys.sorted().lazy.compactMap { object[$0].flatMap(find) }.first
            }
            return (value as? [Any])?.lazy.compactMap(find).first
        }
        return (try? JSONSerialization.jsonObject(with: output)).flatMap(find)
    }

    // MARK: Requests

    private func send(_ request: SetupRequest) async throws {
        let what = SetupStep.shell(Array(request.shown.dropFirst(3)))
        let (status, code) = try await send(request.call)
        if 200...299 ~= status { return }
        if ["BucketAlreadyOwnedByYou", "BucketAlreadyExists", "EntityAlreadyExists"].contains(code) || status == 409 {
            guard let next = request.whenThere else { return }
            let (status, code) = try await send(next)
            guard 200...299 ~= status else { throw SetupFault.refused(what, "status \(status), \(code)") }
            return
        }
        if setup.kind == .seaweedfs, status == 403 {
            throw SetupFault.notYet("The store at \(setup.address.endpoint) does not know the admin's keys")
        }
        throw SetupFault.refused(what, "status \(status), \(code)")
    }

    private func send(_ call: SetupRequest.Call) async throws -> (status: Int, code: String) {
        let admin = try keys("admin")
        let keys = S3Keys(accessKey: admin.access, secret: S3Secret(admin.secret))
        let signer: SigV4
        var plain: SigV4.Request
        let host = setup.address.authority
        switch call {
        case .s3(let method, let path, let query, let body):
            signer = SigV4(keys, region: setup.address.region)
            let content = try body.map(read) ?? ""
            plain = SigV4.Request(
                method: method,
                host: host,
                path: path,
                query: query.map { [(name: $0, value: "")] } ?? [],
                body: Array(content.utf8)
            )
        case .iam(let action, let fields):
            signer = SigV4(keys, region: setup.address.region, service: "iam")
            var pairs = [("Action", action), ("Version", "2010-05-08")]
            for (name, value) in fields {
                switch value {
                case .text(let text): pairs.append((name, text))
                case .file(let file): pairs.append((name, try read(file)))
                }
            }
            let body = pairs.map { "\(PercentEncoding.component($0.0))=\(PercentEncoding.component($0.1))" }
                .joined(separator: "&")
            plain = SigV4.Request(
                method: "POST",
                host: host,
                path: "/",
                headers: [
                    // Ceph refuses a signature without it.
                    (
                        "x-amz-content-sha256",
                        SHA256.hash(data: Data(body.utf8)).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
                    ),
                    ("Content-Type", "application/x-www-form-urlencoded; charset=utf-8"),
                ],
                body: Array(body.utf8)
            )
        }
        let signed = signer.sign(plain, at: now)
        var request = HTTPClientRequest(url: setup.address.endpoint + signed.target)
        request.method = HTTPMethod(rawValue: plain.method)
        for (name, value) in signed.headers { request.headers.replaceOrAdd(name: name, value: value) }
        request.body = .bytes(ByteBuffer(bytes: plain.body))
        do {
            let response = try await client.http.execute(request, timeout: .seconds(30))
            let body = try await response.body.collect(upTo: 65_536)
            return (Int(response.status.code), ErrorAnswer(Array(body.readableBytesView))?.code ?? "no code")
        } catch {
            throw SetupFault.notYet("The store at \(setup.address.endpoint) does not answer")
        }
    }
}
