#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The user as whom a relay runs, where `relay --check` runs as root: the owner of the folder with the key file. A relay
/// that runs as root keeps its key in a folder of root's, and any other makes it in a folder of its own.
struct ServiceUser {
    /// The user's name, or its number where it has none.
    let name: String
    private let id: uid_t
    private let group: gid_t
    private let isKnown: Bool

    /// - Parameter keyFile: the path of the relay's key file, which need not exist yet.
    /// - Returns: nil if this process is not root's, or if the folder is.
    init?(ofKeyFile keyFile: PathArgument) {
        let slash = keyFile.bytes.lastIndex(of: UInt8(ascii: "/"))
        let folder = slash.map { PathArgument(bytes: Array(keyFile.bytes[...$0])) } ?? PathArgument(bytes: [0x2E])
        var status = stat()
        guard geteuid() == 0, stat(folder.cString, &status) == 0, status.st_uid != 0 else { return nil }
        id = status.st_uid
        if let entry = getpwuid(id) {
            (name, group, isKnown) = (String(cString: entry.pointee.pw_name), entry.pointee.pw_gid, true)
        } else {
            (name, group, isKnown) = ("\(id)", status.st_gid, false)
        }
    }

    /// Takes the user's rights in place of root's, for the rest of this process, so that every file is judged as it will
    /// be by the relay.
    /// - Returns: whether the system allowed it. A container may keep that right from root.
    func takeRights() -> Bool {
        #if canImport(Darwin)
        let number = Int32(bitPattern: group)
        #else
        let number = group
        #endif
        var groups = [group]
        let hasGroups = isKnown ? initgroups(name, number) : setgroups(1, &groups)
        return hasGroups == 0 && setgid(group) == 0 && setuid(id) == 0
    }
}
