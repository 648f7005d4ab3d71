// SPDX-License-Identifier: BSL-1.0
// Samples as they come: one by one, in any order, of inputs that each have times of their own.

#ifndef CLARIFY_API_SAMPLE_BUFFER_HPP
#define CLARIFY_API_SAMPLE_BUFFER_HPP

#include <clarify/api/data_frame.hpp>
#include <clarify/api/samples.hpp>
#include <clarify/api/timestamp.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace clarify {
namespace detail {
struct SampleAccess;
}  // namespace detail

/** Collects samples one by one, in any order, to be inserted.

    @code
    clarify::SampleBuffer buffer;
    buffer.add("pump/flow", time, 12.5);
    const auto inserted = co_await client.insert(std::move(buffer));
    @endcode

    Takes about sixteen bytes a sample, and a few more while it grows, whether inputs share their times
    or not; a `DataFrame` would have a value, perhaps missing, for each input at each time.

    @par Thread safety
    Distinct objects: safe. Shared objects: safe for reading.
*/
class SampleBuffer {
public:
    /// Without samples.
    SampleBuffer() {}

    /// Adds a sample. Of several for the same key and time the last one counts. A NaN is no sample: it
    /// replaces none, and only its key is kept.
    void add(std::string_view key, Timestamp time, double value);
    /// Adds the samples of a frame, in the order of its rows, and the keys of all its columns.
    void add(const DataFrame& frame);
    /// Adds the samples of a table, in its order, and its keys. They are moved in where there are none
    /// yet.
    void add(SampleTable samples);
    /// How many samples there are. Those of the same key and time count apart until `normalize`.
    std::size_t size() const noexcept { return size_; }
    /// Is there no sample? There may be keys all the same.
    bool empty() const noexcept { return size_ == 0; }
    /// How many keys there are, also such without a sample.
    std::size_t inputs() const noexcept { return samples_.size(); }
    /// Removes all samples and keys.
    void clear() noexcept;

    /// Sorts the samples of each key by time, and drops those that others replace. Costs nothing but a
    /// look at every sample where there is nothing to do. What is inserted is normalised.
    void normalize();
    /** All that was added, as normalised frames; begins anew.

        Keys that share their times are in the same frame, its columns in the order of their keys. Keys
        that share few or none are in different ones where one frame would be little but missing
        values: all frames together have no more values, missing ones included, than ten times
        the samples, and 131,072 more. Keys without a sample are columns of the last frame.
    */
    std::vector<DataFrame> take();

private:
    friend struct detail::SampleAccess;

    SampleTable samples_;
    std::size_t size_ = 0;
};

namespace detail {

/// What the client does with a buffer: its samples are taken out of it, normalised.
struct SampleAccess {
    static SampleTable take(SampleBuffer& buffer);
};

}  // namespace detail
}  // namespace clarify

#if !defined(CLARIFY_SEPARATE_COMPILATION)
#include <clarify/api/impl/sample_buffer.hpp>
#endif

#endif  // CLARIFY_API_SAMPLE_BUFFER_HPP
