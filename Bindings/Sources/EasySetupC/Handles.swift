#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The objects that C code may name. A handle is the number of an object, in the type of a pointer.
///
/// A number is never used twice, so a handle that was freed, or that is none, is recognised without a look at the memory
/// that it seems to point to. A wrong handle is an error of the caller, and must not become a crash or a leak.
enum Handles {
    private struct Content {
        var next: UInt = 1
        var objects: [UInt: Entry] = [:]
        /// The number of entries that the caller has to free.
        var owned = 0
    }

    /// The content behind a lock that a fork finds open. `Mutex` knows its owner by the thread's number, which is another
    /// one in the child, so a lock that another thread held at the fork would stay locked there.
    private final class Table: @unchecked Sendable {
        // `@unchecked Sendable` is safe, because only `withLock` reads and writes the content.
        private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
        private var content = Content()

        init() {
            mutex.initialize(to: pthread_mutex_t())
            pthread_mutex_init(mutex, nil)
            pthread_atfork({ Handles.table.lock() }, { Handles.table.unlock() }, { Handles.table.unlock() })
        }

        func lock() { pthread_mutex_lock(mutex) }
        func unlock() { pthread_mutex_unlock(mutex) }

        func withLock<Result>(_ body: (inout Content) -> Result) -> Result {
            lock()
            defer { unlock() }
            return body(&content)
        }
    }

    private struct Entry {
        let object: any AnyObject & Sendable
        /// Whether the caller frees the handle. The library itself removes those that callbacks receive.
        let isOwned: Bool
    }

    private static let table = Table()

    /// The number of handles that the caller has to free.
    static var count: Int { table.withLock(\.owned) }

    /// Gives the caller a handle of an object.
    static func give(_ object: some AnyObject & Sendable) -> OpaquePointer {
        pointer(insert(isOwned: true) { _ in object })
    }

    /// Gives the caller a handle of an object that has to know its own number.
    static func give<Object: AnyObject & Sendable>(_ make: (UInt) -> Object) -> Object {
        var made: Object?
        _ = insert(isOwned: true) { number in
            let object = make(number)
            made = object
            return object
        }
        return made!
    }

    /// Makes a handle that the caller may use, but not free, until ``withdraw(_:)``.
    static func lend(_ object: some AnyObject & Sendable) -> UInt {
        insert(isOwned: false) { _ in object }
    }

    /// Ends a loan.
    static func withdraw(_ number: UInt) {
        // The entry is destroyed after the lock is released, because the object may own further handles.
        _ = table.withLock { $0.objects.removeValue(forKey: number) }
    }

    /// The object of a handle; nil if the handle is NULL, freed, of another type, or none.
    static func find<Object: AnyObject>(_ handle: OpaquePointer?, _ type: Object.Type = Object.self) -> Object? {
        guard let handle else { return nil }
        return table.withLock { $0.objects[UInt(bitPattern: handle)]?.object } as? Object
    }

    /// Takes a handle back from the caller. Nil, and without effect, if the handle is not one of this type to be freed.
    @discardableResult
    static func take<Object: AnyObject>(_ handle: OpaquePointer?, _ type: Object.Type = Object.self) -> Object? {
        guard let handle else { return nil }
        let number = UInt(bitPattern: handle)
        let entry = table.withLock { table -> Entry? in
            guard let entry = table.objects[number], entry.isOwned, entry.object is Object else { return nil }
            table.objects[number] = nil
            table.owned -= 1
            return entry
        }
        return entry?.object as? Object
    }

    /// The handle with this number.
    static func pointer(_ number: UInt) -> OpaquePointer {
        // Numbers begin at 1.
        OpaquePointer(bitPattern: number)!
    }

    private static func insert(isOwned: Bool, _ make: (UInt) -> any AnyObject & Sendable) -> UInt {
        table.withLock { table in
            let number = table.next
            table.next += 1
            table.objects[number] = Entry(object: make(number), isOwned: isOwned)
            if isOwned { table.owned += 1 }
            return number
        }
    }
}
