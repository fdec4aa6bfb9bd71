// Notes that paired devices keep in step, in a bucket that can read none of them:
//
//     notes FOLDER write ID TITLE TEXT
//     notes FOLDER done ID
//     notes FOLDER delete ID
//     notes FOLDER watch
//
// FOLDER has the seed or the membership, as `easysetup --store FOLDER` keeps it. The bucket is in the environment: NOTES_ENDPOINT,
// NOTES_BUCKET, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY.

import EasySetupChain
import EasySetupS3
import Foundation

@main
struct Notes {
    static func main() async {
        do throws(any Error) {
            exit(try await run(Array(CommandLine.arguments.dropFirst()), ProcessInfo.processInfo.environment))
        } catch let error as ChainError {
            // Every error of the chain says what happened and what to do.
            print(error.description, error.advice)
        } catch {
            print(error)
        }
        exit(1)
    }

    private static func run(_ words: [String], _ environment: [String: String]) async throws -> Int32 {
        guard words.count > 1 else { return usage() }
        guard let endpoint = environment["NOTES_ENDPOINT"], let name = environment["NOTES_BUCKET"],
            let bucket = S3Address(endpoint: endpoint, region: "us-east-1", bucket: name),
            let key = environment["AWS_ACCESS_KEY_ID"], let secret = environment["AWS_SECRET_ACCESS_KEY"]
        else { return usage() }
        let keys = S3Keys(accessKey: key, secret: S3Secret(secret))
        guard let chain = try await openChain(folder: words[0], at: bucket, by: keys) else {
            print("Pair this device first: easysetup join --store \(words[0])")
            return 1
        }
        try await enter(chain, as: ProcessInfo.processInfo.hostName)
        let notes = NoteBook(chain: chain)
        switch (words[1], words.count) {
        case ("write", 5): try await notes.save(Note(title: words[3], text: words[4]), as: words[2])
        case ("done", 3): try await notes.finish(words[2])
        case ("delete", 3): try await notes.delete(words[2])
        case ("watch", 2): try await notes.watch { tell(line($0, $1)) }
        default: return usage()
        }
        return 0
    }

    private static func line(_ id: String, _ note: Note?) -> String {
        guard let note else { return "\(id): deleted" }
        return "\(id): [\(note.isDone ? "x" : " ")] \(note.title): \(note.text)"
    }

    /// Writes a line at once, also where it goes to another program.
    private static func tell(_ line: String) { FileHandle.standardOutput.write(Data("\(line)\n".utf8)) }

    private static func usage() -> Int32 {
        print("usage: notes FOLDER write ID TITLE TEXT | done ID | delete ID | watch")
        return 64
    }
}
