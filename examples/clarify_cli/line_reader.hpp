// SPDX-License-Identifier: BSL-1.0
// Lines of a file descriptor of any kind, for an event loop.

#ifndef CLARIFY_CLI_LINE_READER_HPP
#define CLARIFY_CLI_LINE_READER_HPP

#include <boost/asio/any_io_executor.hpp>

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>

namespace clarify_cli {

/** Reads a block at a time, when asked to, so that input of any length takes little memory.

    A thread does the reading: an event loop cannot wait for regular files, and to make a terminal
    non-blocking would do so for all programs that share it.

    @par Thread safety
    All functions are called in the thread of the executor.
*/
class LineReader {
public:
    /// A longer line is cut off, unless the constructor says otherwise.
    static constexpr std::size_t longest_line = std::size_t{128} << 20U;

    struct Line {
        std::uint64_t number = 0;
        std::string text;
        /// The line is longer than it may be, and the rest of it is skipped.
        bool cut = false;
    };

    LineReader(
        boost::asio::any_io_executor executor, int descriptor, std::size_t longest = longest_line);
    LineReader(const LineReader&) = delete;
    LineReader& operator=(const LineReader&) = delete;
    /// Waits for the thread, which ends at once, even if no input comes.
    ~LineReader();

    /// The next line of what was read so far, without its line break.
    std::optional<Line> next();

    /// Where the next line begins: how many bytes there were before it.
    std::uint64_t offset() const { return erased_ + consumed_; }
    /// The next bytes are the rest of a line that was cut.
    bool within_line() const { return skipping_; }
    /// Before anything is read: the descriptor stands at this offset, behind so many lines.
    void begin_at(std::uint64_t offset, std::uint64_t lines) {
        erased_ = offset;
        lines_ = lines;
    }

    /// From now on the end of the input is not the end of it: it may grow.
    void follow() { follows_ = true; }
    /// Is it at the end of what may grow? The next `read_more` looks again.
    bool at_end() const { return at_end_ && !due_; }
    /// How many bytes there were so far, with those that no line was made of yet.
    std::uint64_t received() const { return erased_ + buffer_.size(); }
    /// The last of them, some dozens.
    const std::string& last_bytes() const { return last_bytes_; }
    /// What may grow is over. `keeps_rest`: what stands behind the last line break is a line.
    void finish(bool keeps_rest);

    /// Reads on. `ready` is called in the executor once there is more, or the input has ended.
    /// Does nothing while a call to `ready` is due already.
    void read_more(std::function<void()> ready);

    /// There will be no more lines than `next` has.
    bool ended() const { return ended_; }
    /// Why the input ended, if not properly.
    std::error_code error() const { return error_; }

private:
    struct Block {
        std::string text;
        std::error_code error;
    };

    void read_in_thread();
    Block read_block() const;
    void take(Block block);

    boost::asio::any_io_executor executor_;
    int descriptor_;
    std::size_t longest_;

    // Used in the executor's thread only.
    std::string buffer_;
    std::uint64_t erased_ = 0;
    std::size_t consumed_ = 0;
    std::size_t searched_ = 0;
    std::uint64_t lines_ = 0;
    bool skipping_ = false;
    bool due_ = false;
    bool follows_ = false;
    std::string last_bytes_;
    bool at_end_ = false;
    bool ended_ = false;
    std::error_code error_;

    std::mutex mutex_;  // guards wanted_ and stopping_
    std::condition_variable changed_;
    std::function<void()> wanted_;
    bool stopping_ = false;
    int wake_read_ = -1;
    int wake_write_ = -1;
    std::thread thread_;
};

}  // namespace clarify_cli

#endif  // CLARIFY_CLI_LINE_READER_HPP
