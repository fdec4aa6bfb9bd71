import EasySetupChain

// The parts between BEGIN and END are those of the article "Notes in step".

// BEGIN
/// A note of the app. Each of its members is an attribute of its own, so two devices that change different members at once
/// both have both changes.
struct Note: Codable, Hashable, Sendable {
    var title: String
    var text: String
    var isDone = false
}
// END

// BEGIN
/// The notes of this device, which the user's other devices have, too.
struct NoteBook: Sendable {
    let chain: Chain

    /// Writes a note. When this returns, the store has it.
    func save(_ note: Note, as id: String) async throws {
        try await chain.put(id, in: "notes", encoding: note)
    }

    /// Reads a note; nil if there is none.
    func note(_ id: String) async throws -> Note? {
        try await chain.get(id, in: "notes", as: Note.self)
    }

    /// Marks a note as done, and leaves what others change of it meanwhile as it is.
    func finish(_ id: String) async throws {
        try await chain.update(id, in: "notes", ["isDone": Array("true".utf8)])
    }

    /// Deletes a note, for all devices and for good.
    func delete(_ id: String) async throws {
        try await chain.delete(id, in: "notes")
    }
}
// END

extension NoteBook {
    // BEGIN
    /// Shows all notes, and then each change, whoever makes it. A note that was deleted is nil.
    func watch(_ show: (String, Note?) -> Void) async throws {
        for try await event in await chain.changes(in: "notes", every: .seconds(30)) {
            show(event.object, try event.value(as: Note.self))
        }
    }
    // END
}
