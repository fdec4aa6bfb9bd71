import EasySetup
import EasySetupChain
import EasySetupSeed
import Logging

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The memory of this device's chain between the runs of the program, in a file in the folder of the seed. A fault of the file
/// is only logged: without it a run knows what the store shows.
actor KeptMemory {
    /// The content of the file.
    private struct Content: Codable {
        /// The version of this form.
        var version = 1
        /// The chain, in hex. With another seed nothing of it counts.
        let userID: String
        var memory: ChainMemory

        private enum CodingKeys: String, CodingKey {
            case version, memory
            case userID = "user_id"
        }
    }

    /// The memory of earlier runs.
    nonisolated let memory: ChainMemory
    private let files: PrivateFiles
    private let userID: UserID

    private static let file = "chain.memory"
    /// The largest file that is read, in bytes: more than a thousand collections and ten thousand removed devices take.
    private static let byteLimit = 1 << 20

    private init(_ memory: ChainMemory, _ files: PrivateFiles, _ userID: UserID) {
        self.memory = memory
        self.files = files
        self.userID = userID
    }

    /// Reads the file; an empty memory if there is none, or that of another chain.
    static func read(_ files: PrivateFiles, of userID: UserID) async -> KeptMemory {
        KeptMemory(await content(files, of: userID) ?? ChainMemory(), files, userID)
    }

    /// Keeps a memory, with what another run of the program has kept meanwhile.
    func keep(_ memory: ChainMemory) async {
        let known = await Self.content(files, of: userID).map { $0.joined(with: memory) } ?? memory
        do {
            var bytes = Array(try JSONEncoder().encode(Content(userID: userID.fingerprint, memory: known)))
            try await files.write(SecretBytes(wiping: &bytes), to: Self.file)
        } catch {
            Self.log("the memory of the chain is not kept for the next run", "\(error)")
        }
    }

    /// Removes the file.
    static func remove(_ files: PrivateFiles) async { try? await files.remove(file) }

    private static func content(_ files: PrivateFiles, of userID: UserID) async -> ChainMemory? {
        do {
            guard let bytes = try await files.read(file, limit: byteLimit) else { return nil }
            let content = try JSONDecoder().decode(Content.self, from: bytes.withUnsafeBytes { Data($0) })
            return content.version == 1 && content.userID == userID.fingerprint ? content.memory : nil
        } catch {
            log("the memory of the chain's earlier runs can't be read", "\(type(of: error))")
            return nil
        }
    }

    private static func log(_ text: Logger.Message, _ error: String) {
        Logger(label: "easysetup.chain").warning(text, metadata: ["error": "\(error)"])
    }
}
