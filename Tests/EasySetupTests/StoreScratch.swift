import Foundation
import TestSupport
import Testing

/// A folder for one test, which contains the folder of a store. The folder is removed with this object.
final class Scratch: Sendable {
    private let folder = ScratchFolder()

    var store: String { folder.store }
    var elsewhere: String { folder.path + "/elsewhere" }

    func makeStore() throws {
        try FileManager.default.createDirectory(
            atPath: store,
            withIntermediateDirectories: false,
            attributes: [.posixPermissions: 0o700]
        )
    }

    func names() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: store).sorted()
    }

    func contents() throws -> [String: Data] {
        try Dictionary(uniqueKeysWithValues: names().map { try ($0, data($0)) })
    }

    func data(_ name: String) throws -> Data {
        try Data(contentsOf: URL(filePath: store + "/" + name))
    }

    func put(_ data: Data, _ name: String) throws {
        let path = URL(filePath: store + "/" + name).standardizedFileURL.path
        try? FileManager.default.removeItem(atPath: path)
        #expect(FileManager.default.createFile(atPath: path, contents: data, attributes: [.posixPermissions: 0o600]))
    }

    func mode(_ name: String) throws -> Int {
        try #require(FileManager.default.attributesOfItem(atPath: store + "/" + name)[.posixPermissions] as? Int)
    }

    func setMode(_ mode: Int, _ name: String) throws {
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: store + "/" + name)
    }
}
