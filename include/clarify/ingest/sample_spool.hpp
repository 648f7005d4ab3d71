// SPDX-License-Identifier: BSL-1.0
// The contract of where samples wait until they are stored.

#ifndef CLARIFY_INGEST_SAMPLE_SPOOL_HPP
#define CLARIFY_INGEST_SAMPLE_SPOOL_HPP

#include <clarify/api/samples.hpp>
#include <clarify/core/result.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace clarify {

/// Something of a spool that could not be read, and what became of it.
struct SpoolDamage {
    SpoolDamage() {}

    /// The file that it was set aside as; empty where nothing of it is left.
    std::string file;
    /// How much was set aside.
    std::uint64_t bytes = 0;
    /// How many samples are lost. Unset: nobody can tell.
    std::optional<std::uint64_t> samples;
};

/// What waits in a spool.
struct SpoolState {
    SpoolState() {}

    /// How many samples wait, as they were counted when they were appended. At the start it is what an
    /// earlier owner left.
    std::uint64_t samples = 0;
    /// What they take: of a file with its log, on the disk, without what was set aside.
    std::uint64_t bytes = 0;
    /// The number of the newest batch that was ever appended, 0 where there was none.
    std::uint64_t newest = 0;
    /// When the oldest batch that waits was appended, as `append` was told. Unset where none waits.
    std::optional<std::chrono::system_clock::time_point> oldest_written;
    /// What was found damaged since it was opened, opening included; the first few hundred.
    std::vector<SpoolDamage> damage;
    /// Of the samples in `damage` those that are known: they do not wait any more.
    std::uint64_t lost = 0;
};

/// Some whole batches, oldest first.
struct SpoolPage {
    SpoolPage() {}

    /// Their samples, those of later batches behind those of earlier ones.
    SampleTable samples;
    /// The number of the last batch of them, for `remove` and for the next `read`: also where nothing
    /// of the batches could be read. As `after` was where there is none.
    std::uint64_t mark = 0;
    /// How many samples they count for, which is what `remove` takes from `SpoolState::samples`.
    std::uint64_t count = 0;
};

/** Where samples wait, as the writer of samples needs it.

    A spool is a sequence of batches, numbered from 1 on in the order in which they were appended, and
    with numbers that are never used again, not after a restart either. Gaps are allowed.

    | expression | meaning | what a failure must leave |
    | --- | --- | --- |
    | `Spool(std::move(spool))` | the same spool, in another place; before its first use | may throw |
    | `spool.append(table, written)` | one more batch, behind all others. `Result<std::uint64_t>`: its number. It lasts when this returns (see below). `table` may be moved from | nothing of the batch, and `table` as it was |
    | `spool.read(after, count)` | `Result<SpoolPage>`: the oldest batches with numbers above `after`, whole, as many as have no more than `count` samples together, but at least one where there is one | all batches |
    | `spool.remove(mark)` | `Result<void>`: all batches up to that number are gone, for ever. None there is a success | all of them, or those that are left |
    | `spool.drop(after, bytes)` | `Result<std::uint64_t>`: makes room for so many bytes by removing the oldest batches with numbers above `after`; how many samples they counted for. 0 where there is none to remove | as `remove` |
    | `spool.state()` | `SpoolState`; cheap, without a look at the disk's contents | nothing |
    | `spool.durable()` | does what was appended outlive the process? `noexcept` | nothing |
    | `Spool::blocks` | a `static constexpr bool`: may any of them wait for a disk or a network? | |
    | `~Spool()` | gives up what it holds, a lock among others; nothing that lasts is lost | nothing |

    @par Who calls it
    The writer, one call at a time, each after the one before it has returned. Where `blocks` is true
    in a thread of the process that has nothing else to do, never on the caller's executor, and not always
    the same thread; a call that hangs delays the others, and nothing else. Where it is false,
    wherever the writer happens to be: then it must return at once, and is called with a lock held.
    `durable()` is called at any time by any thread. Nothing throws but `std::bad_alloc`, which leaves what a
    failure leaves.
    @par What lasts
    Where `durable()` is true, a batch whose `append` has returned is there after the process was
    killed at any instruction, and by default after a power cut. The writer gathers what it appends,
    so each `append` may be a transaction of its own. `remove` may be forgotten with a power cut or a kill: the
    batches are then read again, and stored a second time. The writer removes what is stored at once, or up to
    15 s later where an insert of it was not answered.
    @par Counts
    A batch counts for as many samples as `table` has values when it is appended. `state().samples` is the sum
    over the batches that wait, also after a restart. What is found damaged leaves
    the sum and enters `SpoolState::lost`, in the same call.
    @par Full
    `append` fails with `Errc::overloaded` where the limit on its size is reached, log included, and
    where the disk or a quota is full; `cause()` has the system's code in the latter case, or is empty. Reading and
    removing go on. The same call succeeds later, when there is room, without opening anything anew.
    A limit that is smaller than what waits already refuses new batches and nothing else.
    @par What cannot be used
    Everything else that keeps a call from its work fails with `Errc::bad_config`, `Reason::file`, with the
    name of the file in the message and the system's code in `cause()`: a read-only folder, a disk that
    breaks. It may pass; the writer tries again, with pauses.
    @par Damage
    A batch that cannot be read is no failure. It is set aside, noted in `state().damage`, and `read` goes
    on behind it. Where nothing readable is left, the page is empty, but its mark is that of the last
    batch that was passed over.
    @par Owners
    A spool belongs to one process, and is made by a function of its own type, which refuses one that
    another process holds, or that was written for another integration or by a newer version. A log that
    many processes append to fits as well: `read` gives an empty page with the mark unchanged, though `state().samples` is not 0,
    to all but the one that drains it now; and `remove` fails for one that has lost that right, whose
    samples are then stored a second time by another.
*/
template <class S>
concept SampleSpool = std::move_constructible<S> && requires(
    S& spool,
    const S& same,
    SampleTable& table,
    std::chrono::system_clock::time_point written,
    std::uint64_t number) {
    { spool.append(table, written) } -> std::same_as<Result<std::uint64_t>>;
    { spool.read(number, number) } -> std::same_as<Result<SpoolPage>>;
    { spool.remove(number) } -> std::same_as<Result<void>>;
    { spool.drop(number, number) } -> std::same_as<Result<std::uint64_t>>;
    { same.state() } -> std::same_as<SpoolState>;
    { same.durable() }
    noexcept->std::same_as<bool>;
    { S::blocks } -> std::convertible_to<bool>;
};

}  // namespace clarify

#endif  // CLARIFY_INGEST_SAMPLE_SPOOL_HPP
