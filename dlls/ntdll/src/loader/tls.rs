//! Thread-local storage of modules: an index each, and a block per thread and module in the thread's vector.

use super::module::Module;
use super::routine;
use super::state::{Thread, loader};
use crate::heap::process_heap;
use alloc::vec::Vec;
use core::ffi::c_void;
use core::ptr::null_mut;
use guest::error::Status;
use guest::teb;
use windows_sys::Win32::Foundation::STATUS_INVALID_IMAGE_FORMAT;

/// Vectors grow by this many blocks.
const STEP: usize = 16;

/// Gives an index to each module from `known` on that has thread-local storage, and blocks to every thread.
pub fn enter_new(known: usize) -> Result<(), Status> {
    let modules: Vec<*mut Module> = loader().modules.get(known..).unwrap_or_default().to_vec();
    for module in modules {
        enter(module)?;
    }
    Ok(())
}

fn enter(module: *mut Module) -> Result<(), Status> {
    // SAFETY: modules live as long as they are listed.
    let it = unsafe { &mut *module };
    let bad = |_| Status(STATUS_INVALID_IMAGE_FORMAT);
    let Some(tls) = it.image()?.tls().map_err(bad)?.filter(|_| it.tls.is_none()) else { return Ok(()) };
    let table = &mut loader().tls;
    let index = table.modules.iter().position(|module| module.is_null()).unwrap_or(table.modules.len());
    if index == table.modules.len() {
        table.modules.push(null_mut());
    }
    table.modules[index] = module;
    it.tls = Some(index);
    if let Some(slot) = tls.index_slot {
        // SAFETY: `pe` has checked that the slot lies in the image; its section is writable in every image that works.
        unsafe { it.base.add(slot as usize).cast::<u32>().write_unaligned(index as u32) };
    }
    for thread in &mut table.threads {
        give(thread, index, it)?;
    }
    Ok(())
}

/// Gives a thread its block of a module.
fn give(thread: &mut Thread, index: usize, module: &Module) -> Result<(), Status> {
    if index >= thread.room {
        grow(thread, index + STEP);
    }
    let image = module.image()?;
    let Some(tls) = image.tls().map_err(|_| Status(STATUS_INVALID_IMAGE_FORMAT))? else { return Ok(()) };
    let template = image.at(tls.data.rva, tls.data.size).unwrap_or_default();
    let size = template.len() + tls.zero_fill as usize;
    // The heap aligns to 16; a module that wants more gets room to move.
    let alignment = tls.alignment.unwrap_or(16).clamp(16, 0x2000) as usize;
    let memory = process_heap().allocate(size + alignment + size_of::<usize>(), true);
    if memory.is_null() {
        return Err(Status(windows_sys::Win32::Foundation::STATUS_NO_MEMORY));
    }
    // SAFETY: the block has room for the template behind the alignment; its start is kept in front of the aligned part.
    unsafe {
        let aligned = (memory as usize + size_of::<usize>()).next_multiple_of(alignment) as *mut u8;
        aligned.sub(size_of::<usize>()).cast::<*mut u8>().write_unaligned(memory);
        aligned.copy_from_nonoverlapping(template.as_ptr(), template.len());
        *thread.vector.add(index) = aligned.cast();
    }
    Ok(())
}

/// Gives a thread a larger vector. The old one stays: the thread may be reading it.
fn grow(thread: &mut Thread, room: usize) {
    let vector = process_heap().allocate(room * size_of::<*mut c_void>(), true).cast::<*mut c_void>();
    // SAFETY: the new vector is longer, and the TEB is the thread's, which lives as long as it is listed.
    unsafe {
        if thread.room > 0 {
            vector.copy_from_nonoverlapping(thread.vector, thread.room);
        }
        teb::set_tls_vector_of(thread.block, vector.cast());
    }
    (thread.vector, thread.room) = (vector, room);
}

/// Makes the calling thread's vector and blocks.
pub fn thread_attach() {
    let table = &mut loader().tls;
    let mut thread = Thread { block: teb::block(), vector: null_mut(), room: 0 };
    grow(&mut thread, table.modules.len().next_multiple_of(STEP).max(STEP));
    for (index, module) in table.modules.iter().enumerate() {
        if !module.is_null() {
            // SAFETY: modules live as long as they are listed.
            let _ = give(&mut thread, index, unsafe { &**module });
        }
    }
    table.threads.push(thread);
}

/// Frees a thread's vector and blocks. It is the calling one, or runs no more.
pub fn thread_detach(block: *mut u8) {
    let table = &mut loader().tls;
    let Some(at) = table.threads.iter().position(|thread| thread.block == block) else { return };
    let thread = table.threads.swap_remove(at);
    // SAFETY: the block is listed, so that it is there.
    unsafe { teb::set_tls_vector_of(block, null_mut()) };
    for index in 0..thread.room {
        // SAFETY: the vector holds that many pointers.
        free(unsafe { *thread.vector.add(index) });
    }
    // SAFETY: the vector is the heap's, and the thread has let go of it.
    unsafe { process_heap().free(thread.vector.cast()) };
}

fn free(block: *mut c_void) {
    if !block.is_null() {
        // SAFETY: `give` keeps the start of the heap's block in front of the aligned part.
        unsafe { process_heap().free(block.cast::<*mut u8>().sub(1).read_unaligned()) };
    }
}

/// Frees a module's index and every thread's block of it.
pub fn leave(module: *mut Module) {
    // SAFETY: the caller still holds the module.
    let Some(index) = (unsafe { (*module).tls.take() }) else { return };
    let table = &mut loader().tls;
    table.modules[index] = null_mut();
    for thread in &mut table.threads {
        if index < thread.room {
            // SAFETY: the vector holds that many pointers.
            unsafe { free(core::mem::replace(&mut *thread.vector.add(index), null_mut())) };
        }
    }
}

/// Calls a module's TLS callbacks.
pub fn call_back(module: *mut Module, reason: u32, reserved: *mut c_void) {
    // SAFETY: modules live as long as they are listed.
    let Some((it, image)) = (unsafe { module.as_ref() }).and_then(|it| Some((it, it.image().ok()?))) else { return };
    let Ok(Some(tls)) = image.tls() else { return };
    for callback in image.tls_callbacks(&tls).map_while(Result::ok) {
        // SAFETY: it is the module's callback.
        unsafe { routine::call(callback as usize, it.base.cast(), reason, reserved) };
    }
}
