// SPDX-License-Identifier: BSL-1.0
// Samples on their way: gathered from the spool, divided into requests, and the bad ones found.

#ifndef CLARIFY_INGEST_DETAIL_GATHERED_SAMPLES_HPP
#define CLARIFY_INGEST_DETAIL_GATHERED_SAMPLES_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/sample_buffer.hpp>
#include <clarify/api/samples.hpp>
#include <clarify/core/clock.hpp>
#include <clarify/ingest/detail/doubtful_samples.hpp>
#include <clarify/ingest/detail/insert_verdict.hpp>
#include <clarify/ingest/sample_spool.hpp>
#include <clarify/ingest/writer_stats.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace clarify::detail {

/// What the outcome of a request changes.
struct SettledSamples {
    /// How many are stored.
    std::uint64_t stored = 0;
    /// Those that never will be.
    std::vector<RejectedSample> rejected;
    /// Is the next request to follow only after a pause?
    bool waits = false;
};

/** Some of the oldest samples of a spool, until each of them is stored or set aside.

    They are divided into requests, of which one at a time is on its way: so for one input and time
    nothing older follows something newer. What comes from the spool later joins them only while
    nothing of them is under suspicion and none of them is stored.

    @par Whose fate is unknown
    A request that was sent and not answered may be executed later than one that is sent after it. So for
    each input and time in it no other value is sent before the service can no longer execute it; the
    same value is, and so is everything else.

    @par How the bad ones are found
    What a verdict names by its path alone is set aside; a column that is named as a whole is
    divided in halves, each tried by itself, the larger parts first, down to single samples. Where the whole key
    is bad, so that one part after the other fails and none succeeds, all of the column is set aside
    after a while. Where a verdict names nothing the whole request is divided likewise; but then
    nothing is set aside before some part succeeded: where all fail alike the samples are not to blame, and
    wait.

    No I/O and no clock.

    @par Thread safety
    Distinct objects: safe. Shared objects: unsafe.
*/
class GatheredSamples {
public:
    /// How many parts of something suspicious fail, none succeeding, before it is judged as a whole.
    static constexpr unsigned patience = 15;
    /// The smallest request that a service is believed to find too large.
    static constexpr std::size_t least_size = 512;

    /// @param max_size The largest request, in bytes of the frame's text.
    explicit GatheredSamples(std::size_t max_size);

    /// How many samples more may be added now; 0 where they would get in the way of what is there.
    std::uint64_t room() const noexcept;
    /// How many make a request of the largest size, by what is known of them so far.
    std::uint64_t whole_request() const noexcept;
    /// Adds what follows in the spool.
    void add(SpoolPage page);

    /// Is each sample of what was added stored or set aside?
    bool empty() const noexcept { return fresh_.empty() && parts_.empty(); }
    /// The last batch that was added, 0 in the beginning.
    std::uint64_t mark() const noexcept { return mark_; }
    /// How many samples the batches since the last `finish` count for, without those that were settled.
    std::uint64_t unsettled() const noexcept { return count_ - settled_; }
    /// Begins anew, when it is empty. Returns `unsettled`: those that later ones replaced.
    std::uint64_t finish() noexcept;

    /// Passes over batches that are not to be added.
    void skip_to(std::uint64_t mark) noexcept { mark_ = mark; }
    /// All that is not settled, which is forgotten here.
    SampleBuffer take_rest();

    /// These may have been sent by an earlier owner of the spool, and be executed until then.
    void doubt(SampleTable samples, TimePoint until) { doubtful_.add(std::move(samples), until); }

    /// The next request, the same until it is settled; null where there is none, or none yet.
    const DataFrame* next(TimePoint now);
    /// When there may be another one, where there is none though it is not empty.
    TimePoint held_until() const { return doubtful_.next_end().value_or((TimePoint::min)()); }
    /// Until when a request that failed here, whole or in part stored since, may be executed yet.
    TimePoint unanswered_until() const noexcept { return unanswered_until_; }
    /// It is stored.
    SettledSamples stored();
    /// It is not, for `verdict`.
    SettledSamples failed(const InsertVerdict& verdict, TimePoint now);

private:
    /// Parts that are tried because a larger one failed.
    struct Suspicion {
        /// Did the service name what they have in common?
        bool named = false;
        /// Has a part succeeded, so that those that fail are to blame?
        bool cleared = false;
        unsigned misses = 0;
        std::string reason;
        /// Failed alone, before any succeeded.
        std::vector<RejectedSample> held;
    };
    struct Part {
        explicit Part(DataFrame samples, std::shared_ptr<Suspicion> why = nullptr)
            : frame(std::move(samples)), suspicion(std::move(why)) {}

        DataFrame frame;
        std::shared_ptr<Suspicion> suspicion;
    };

    void divide(TimePoint now);
    void regroup();
    Part take_front();
    void divide_large(Part part, const std::string& reason, SettledSamples& out);
    void blame(Part part, const InsertVerdict& verdict, SettledSamples& out);
    void blame_unnamed(Part part, const std::string& reason, SettledSamples& out);
    void suspect_column(DataFrame frame, std::shared_ptr<Suspicion> suspicion, SettledSamples& out);
    void halve(DataFrame frame, const std::shared_ptr<Suspicion>& suspicion);
    void conclude(const std::shared_ptr<Suspicion>& suspicion, SettledSamples& out);
    void give_up(const std::shared_ptr<Suspicion>& suspicion, SettledSamples& out);
    void settle(SettledSamples& out);

    std::size_t max_size_;
    /// Of a sample, in a request.
    double bytes_each_ = 80;
    std::uint64_t mark_ = 0;
    std::uint64_t count_ = 0;
    std::uint64_t settled_ = 0;
    /// May more join?
    bool open_ = true;
    /// Not divided yet, or to be held back.
    SampleBuffer fresh_;
    std::deque<Part> parts_;
    DoubtfulSamples doubtful_;
    TimePoint unanswered_until_ = (TimePoint::min)();
};

}  // namespace clarify::detail

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/ingest/detail/impl/gathered_samples.hpp>
#endif

#endif  // CLARIFY_INGEST_DETAIL_GATHERED_SAMPLES_HPP
