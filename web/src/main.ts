import './app.css';
import { mount } from 'svelte';
import App from './App.svelte';

const target = document.getElementById('app')!;
target.replaceChildren(); // the name, which the page shows until the program has arrived; App goes on showing it
mount(App, { target });
