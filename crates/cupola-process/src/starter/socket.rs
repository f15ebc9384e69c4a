//! Frames and descriptors through a socket.

use std::{
    io::{self, Read as _, Write as _},
    mem,
    os::{
        fd::{AsRawFd, BorrowedFd, FromRawFd as _, OwnedFd, RawFd},
        unix::net::UnixStream,
    },
    ptr,
};

/// No frame has more descriptors.
const DESCRIPTORS_MAX: usize = 8;

/// No frame is longer: what the kernel gives a program to begin with has a bound, too.
const FRAME_BYTES_MAX: usize = 16 << 20;

/// Room for what carries descriptors, aligned as the system wants it.
type Room = [u64; 16];

/// Sends a frame, and descriptors with its first bytes.
#[expect(unsafe_code, reason = "the system's own form of messages")]
pub(super) fn send(
    mut socket: &UnixStream,
    frame: &[u8],
    descriptors: &[BorrowedFd<'_>],
) -> io::Result<()> {
    if frame.len() > FRAME_BYTES_MAX || descriptors.len() > DESCRIPTORS_MAX {
        return Err(io::Error::from_raw_os_error(libc::E2BIG));
    }
    let length = (frame.len() as u64).to_le_bytes();
    let numbers: Vec<RawFd> = descriptors.iter().map(AsRawFd::as_raw_fd).collect();
    let mut room: Room = [0; 16];
    // SAFETY: all that is pointed to lives until the end of the block, and the room is large enough for
    // `DESCRIPTORS_MAX`.
    let sent = unsafe {
        let mut part = libc::iovec {
            iov_base: length.as_ptr().cast_mut().cast(),
            iov_len: length.len(),
        };
        let mut message: libc::msghdr = mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        if !numbers.is_empty() {
            let bytes = u32::try_from(mem::size_of_val(numbers.as_slice())).unwrap_or(u32::MAX);
            message.msg_control = room.as_mut_ptr().cast();
            message.msg_controllen = libc::CMSG_SPACE(bytes) as _;
            let head = libc::CMSG_FIRSTHDR(&raw const message);
            (*head).cmsg_level = libc::SOL_SOCKET;
            (*head).cmsg_type = libc::SCM_RIGHTS;
            (*head).cmsg_len = libc::CMSG_LEN(bytes) as _;
            let data: *mut RawFd = libc::CMSG_DATA(head).cast();
            ptr::copy_nonoverlapping(numbers.as_ptr(), data, numbers.len());
        }
        libc::sendmsg(socket.as_raw_fd(), &raw const message, libc::MSG_NOSIGNAL)
    };
    match usize::try_from(sent) {
        // A socket takes eight bytes as a whole.
        Ok(sent) if sent == length.len() => socket.write_all(frame),
        Ok(_) => Err(io::ErrorKind::WriteZero.into()),
        Err(_) => Err(io::Error::last_os_error()),
    }
}

/// Waits for a frame; none where the other side is gone.
#[expect(unsafe_code, reason = "the system's own form of messages")]
pub(super) fn receive(mut socket: &UnixStream) -> io::Result<Option<(Vec<u8>, Vec<OwnedFd>)>> {
    let mut length = [0u8; 8];
    let mut room: Room = [0; 16];
    // SAFETY: all that is pointed to lives until the end of the block.
    let (got, descriptors) = unsafe {
        let mut part = libc::iovec {
            iov_base: length.as_mut_ptr().cast(),
            iov_len: length.len(),
        };
        let mut message: libc::msghdr = mem::zeroed();
        message.msg_iov = &raw mut part;
        message.msg_iovlen = 1;
        message.msg_control = room.as_mut_ptr().cast();
        message.msg_controllen = mem::size_of_val(&room) as _;
        let got = libc::recvmsg(
            socket.as_raw_fd(),
            &raw mut message,
            libc::MSG_CMSG_CLOEXEC | libc::MSG_WAITALL,
        );
        let descriptors = if got > 0 { taken(&message) } else { Vec::new() };
        (got, descriptors)
    };
    match usize::try_from(got) {
        Ok(8) => {}
        Ok(_) => return Ok(None),
        Err(_) => {
            let error = io::Error::last_os_error();
            return match error.kind() {
                io::ErrorKind::ConnectionReset => Ok(None),
                io::ErrorKind::Interrupted => receive(socket),
                _ => Err(error),
            };
        }
    }
    let length = usize::try_from(u64::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > FRAME_BYTES_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut frame = vec![0; length];
    socket.read_exact(&mut frame)?;
    Ok(Some((frame, descriptors)))
}

/// The descriptors that came with a message, which are ours now.
#[expect(unsafe_code, reason = "the system's own form of messages")]
unsafe fn taken(message: &libc::msghdr) -> Vec<OwnedFd> {
    let mut found = Vec::new();
    // SAFETY: the message was filled by the system; each number in it is a descriptor that nobody else has.
    unsafe {
        let mut head = libc::CMSG_FIRSTHDR(message);
        while !head.is_null() {
            if (*head).cmsg_level == libc::SOL_SOCKET && (*head).cmsg_type == libc::SCM_RIGHTS {
                let data: *const RawFd = libc::CMSG_DATA(head).cast();
                let bytes = (*head).cmsg_len as usize - libc::CMSG_LEN(0) as usize;
                for at in 0..bytes / mem::size_of::<RawFd>() {
                    found.push(OwnedFd::from_raw_fd(data.add(at).read_unaligned()));
                }
            }
            head = libc::CMSG_NXTHDR(message, head);
        }
    }
    found
}
